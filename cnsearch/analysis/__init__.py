"""Text to tokens: folding, words, characters, and the Whoosh analyzers made of them. Only this room knows jieba."""
