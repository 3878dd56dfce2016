"""The province: one Flask app that takes in what nodes send (`app`), one judge that decides, and the figures that follow."""
