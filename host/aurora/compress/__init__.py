"""From a float network to what a board runs: students, pruning, int8, releases, the C array, TFLite Micro.

``student`` trains small networks, beside a teacher (``distill``) or alone; ``prune`` takes channels from
them; ``quantise`` makes them int8 by range or by training on (``qat``); ``produce`` writes a release and
``judge`` scores it. ``int8`` and ``convert`` are the way of `aurora train`, through TensorFlow's converter.
"""
