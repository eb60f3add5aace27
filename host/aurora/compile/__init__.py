"""`aurora compile`: an int8 .tflite to straight-line C, with its constants apart.

compile_model(tflite, core) -> Program
"""

from aurora.compile.compiler import compile_model
from aurora.compile.program import Program, TensorIO

__all__ = ["Program", "TensorIO", "compile_model"]
