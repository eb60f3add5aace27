"""From features to a float network: honest splits, training, scores and the alarm's threshold.

``table`` turns units into rows, ``split`` keeps physical units apart, ``fit`` chooses and trains the network
inside the training units, ``metrics`` scores any arm (float, int8, board) alike, ``alarm`` sets the
threshold.
"""
