"""One room a chapter: its question, its showing, its texts. A chapter imports no chapter."""
