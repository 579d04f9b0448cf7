//! What a compound of ASCII characters is found by besides the whole: `analysis/compounds.py` says what and why, and has
//! all others.

/// A longer compound is cut here and not taken apart.
const MAX_CHARS: usize = 64;
const MAX_ATOMS: usize = 8;
const MAX_PARTS: usize = 32;

type Span = (usize, usize);

/// Whether a compound is one that `terms` takes.
pub fn is_plain(compound: &[u32]) -> bool {
    compound.iter().all(|&point| {
        point < 0x80 && {
            let byte = point as u8;
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._'&+#%,".contains(&byte)
        }
    })
}

/// The terms of a compound, each as often as it counts, without stems; and the words whose stems count, too.
pub fn terms(compound: &[u8]) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let whole: Vec<u8> = compound.iter().take(MAX_CHARS).copied().filter(|&byte| byte != b',').collect();
    if compound.len() <= MAX_CHARS && compound.iter().all(u8::is_ascii_lowercase) {
        return (vec![whole.clone()], vec![whole]);
    }
    let parts = parts(compound, &whole);
    let has_commas = whole.len() < compound.len();
    let words = parts
        .iter()
        .filter(|(text, (start, end))| !has_commas && *text == compound[*start..*end])
        .map(|(text, _)| text.clone())
        .collect();
    (parts.into_iter().map(|(text, _)| text).chain([whole]).collect(), words)
}

/// The parts of a compound, other than the whole, each with its place.
fn parts(compound: &[u8], text: &[u8]) -> Vec<(Vec<u8>, Span)> {
    if compound.len() > MAX_CHARS || compound.iter().all(u8::is_ascii_digit) {
        return Vec::new();
    }
    let spans = atoms(text);
    if spans.len() > MAX_ATOMS {
        return Vec::new();
    }
    let mut found: Vec<(Vec<u8>, Span)> = Vec::new();
    let mut add = |part: Vec<u8>, span: Span| {
        if !found.iter().any(|(other, at)| *at == span && *other == part) {
            found.push((part, span));
        }
    };
    for &(start, end) in &spans {
        add(text[start..end].to_vec(), (start, end));
        beginnings(text, start, end, &mut |from, to| add(text[from..to].to_vec(), (from, to)));
    }
    add(joined(text), (0, text.len()));
    if !only_atoms(text, &spans) {
        for (start, end) in between(text, 0, text.len(), |at| is_strong_joint(text[at])) {
            add(text[start..end].to_vec(), (start, end));
            add(joined(&text[start..end]), (start, end));
            let is_joint = |at: usize| {
                text[at] == b'.'
                    && !(at > 0 && text[at - 1].is_ascii_digit() && at + 1 < end && text[at + 1].is_ascii_digit())
            };
            for (from, to) in between(text, start, end, is_joint) {
                add(text[from..to].to_vec(), (from, to));
            }
        }
        if let [first, second, third] = spans[..] {
            for (begin, stop) in [(first.0, second.1), (second.0, third.1)] {
                let pair = joined(&text[begin..stop]);
                if pair.len() > 2 && pair != text[begin..stop] {
                    add(pair, (begin, stop));
                }
            }
        }
    }
    found.retain(|(part, span)| !(part == text && *span == (0, text.len())));
    if found.len() > MAX_PARTS {
        return Vec::new();
    }
    found.retain(|(part, _)| part != text);
    if text.len() < compound.len() {
        // With commas: the parts of a number have no places of their own.
        found.sort();
        found.dedup_by(|first, second| first.0 == second.0);
    }
    found
}

fn is_strong_joint(byte: u8) -> bool {
    b"-_'&+#%".contains(&byte)
}

fn is_joint(byte: u8) -> bool {
    byte == b'.' || is_strong_joint(byte)
}

/// The end of the number that begins at `at`: digits, and points between digits.
fn number_end(text: &[u8], at: usize) -> usize {
    let mut end = at;
    loop {
        while text.get(end).is_some_and(u8::is_ascii_digit) {
            end += 1;
        }
        if text.get(end) == Some(&b'.') && text.get(end + 1).is_some_and(u8::is_ascii_digit) {
            end += 1;
        } else {
            return end;
        }
    }
}

fn letters_end(text: &[u8], at: usize) -> usize {
    text[at..].iter().position(|&byte| byte.is_ascii_digit() || is_joint(byte)).map_or(text.len(), |size| at + size)
}

/// The stretches of letters, and the numbers.
fn atoms(text: &[u8]) -> Vec<Span> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at < text.len() {
        if is_joint(text[at]) {
            at += 1;
            continue;
        }
        let end = if text[at].is_ascii_digit() { number_end(text, at) } else { letters_end(text, at) };
        found.push((at, end));
        at = end;
    }
    found
}

/// Whether the stretches between the joints are the atoms.
fn only_atoms(text: &[u8], spans: &[Span]) -> bool {
    if text.iter().all(u8::is_ascii_alphanumeric) {
        return true;
    }
    match spans {
        [only] => *only == (0, text.len()),
        [first, second] => second.0 - first.1 <= 1 && first.0 == 0 && second.1 == text.len(),
        _ => false,
    }
}

/// Of a number what stands before one of its points.
fn beginnings(text: &[u8], start: usize, end: usize, add: &mut impl FnMut(usize, usize)) {
    let points: Vec<usize> = (start..end).filter(|&at| text[at] == b'.').collect();
    if points.is_empty() || !text[start].is_ascii_digit() {
        return;
    }
    let mut letters = start;
    while letters > 0 && !text[letters - 1].is_ascii_digit() && !is_joint(text[letters - 1]) {
        letters -= 1;
    }
    for (number, &point) in points.iter().enumerate() {
        if number > 0 {
            add(start, point);
        }
        if letters < start {
            add(letters, point);
        }
    }
    if points.len() == 1 && &text[points[0]..end] == b".00" {
        add(start, points[0]);
    }
}

/// The stretches of `text[start..end]` between joints, none empty.
fn between(text: &[u8], start: usize, end: usize, is_joint: impl Fn(usize) -> bool) -> Vec<Span> {
    debug_assert!(end <= text.len());
    let (mut found, mut from) = (Vec::new(), start);
    for at in start..end {
        if is_joint(at) {
            if at > from {
                found.push((from, at));
            }
            from = at + 1;
        }
    }
    if end > from {
        found.push((from, end));
    }
    found
}

/// Without the joints that people leave out.
fn joined(text: &[u8]) -> Vec<u8> {
    if !text.iter().any(|byte| b".-_".contains(byte)) || atoms(text).len() > MAX_ATOMS {
        return text.to_vec();
    }
    let (mut made, mut at): (Vec<u8>, usize) = (Vec::new(), 0);
    // What stood since the last letter or digit, if that may be left out: nothing, or one joint.
    let mut joint: Option<Option<u8>> = None;
    while at < text.len() {
        let byte = text[at];
        if b"-_.".contains(&byte) {
            if joint == Some(None) {
                joint = Some(Some(byte));
            } else {
                made.push(byte);
                joint = None;
            }
            at += 1;
        } else if is_strong_joint(byte) {
            made.extend(joint.flatten());
            while at < text.len() && b"&'+#%".contains(&text[at]) {
                made.push(text[at]);
                at += 1;
            }
            joint = None;
        } else {
            let end = if byte.is_ascii_digit() { number_end(text, at) } else { letters_end(text, at) };
            if made.last().is_some_and(u8::is_ascii_digit) && byte.is_ascii_digit() {
                made.extend(joint.flatten());
            }
            made.extend(&text[at..end]);
            joint = Some(None);
            at = end;
        }
    }
    made.extend(joint.flatten());
    made
}
