"""`aurora shrink`: the best model under a board's budget, and the comparison that says why it is that one.

``recipe`` is what a model is made by, ``make`` makes it, ``cost`` says what it takes of a board, ``space``
and ``search`` look for better recipes, ``arms`` sets the compressions of one recipe side by side over several
seeds, ``choose`` picks what ships, ``report`` tells.
"""
