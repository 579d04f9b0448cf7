"""What people are told, in their language: ``language("zh").say("{n} articles", n=3)``."""

from cnsearch.faces.messages.language import LANGUAGES, Language, language, preferred

__all__ = ["LANGUAGES", "Language", "language", "preferred"]
