#!/bin/sh
# Installs the Debian packages that Aurora needs and this machine lacks; says the one apt line where it may not.
set -eu
missing=""
want() { # want PACKAGE TEST...: the package is missing when the test fails
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}
python=${PYTHON:-python3}
want gcc sh -c 'command -v gcc'
want libc6-dev sh -c 'echo "#include <math.h>" | gcc -E -'
want git sh -c 'command -v git'
want python3-venv "$python" -c 'import venv, ensurepip'
want python3-dev "$python" -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_paths()["include"] + "/Python.h"))'
want gcc-arm-none-eabi sh -c 'command -v arm-none-eabi-gcc'
want libnewlib-arm-none-eabi sh -c 'echo "#include <string.h>" | arm-none-eabi-gcc -mcpu=cortex-m4 --specs=nano.specs -E -'
want qemu-system-arm sh -c 'command -v qemu-system-arm'
want clang-format sh -c 'command -v clang-format'
[ -n "$missing" ] || exit 0

line="apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" = 0 ]; then
    as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo"
else
    echo "aurora: these packages are missing and this user may not install them; run: sudo $line" >&2
    exit 30
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# shellcheck disable=SC2086
$as_root $line -qq >/dev/null
