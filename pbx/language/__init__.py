"""Numbers, counted nouns and durations as words of Polish, Russian and English, in the right gender, number and case.

Pure functions over tables; what callers hear is built on them, so they are tested word for word.
"""
