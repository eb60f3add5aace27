"""From a float network to what a board runs: int8 conversion, releases, the C array, TFLite Micro."""
