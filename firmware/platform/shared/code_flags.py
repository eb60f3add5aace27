"""How every C source of the firmware is compiled; read by the PlatformIO build and by `aurora verify`."""

# -ffp-contract=off, no vectoriser: the host's extension and every board round alike
CODE_FLAGS = ["-std=c11", "-O2", "-g", "-gno-record-gcc-switches", "-ffp-contract=off", "-fno-tree-vectorize"]
CODE_FLAGS += ["-fno-math-errno", "-ffunction-sections", "-fdata-sections", "-fno-common"]
WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wdate-time", "-Werror"]
