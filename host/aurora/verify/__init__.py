"""`aurora verify` and `aurora bench`: a program on an emulated board against TFLite Micro, and what it costs.

verify_model(tflite, board) -> Verdict
"""

from aurora.verify.verdict import Verdict, verify_model

__all__ = ["Verdict", "verify_model"]
