"""The command line: a lazy group, so that ``aurora --help`` imports nothing that a command needs."""

from __future__ import annotations

import importlib
import signal
import sys
import traceback

import click

from aurora import __version__
from aurora.errors import AuroraError

# name -> one line of help, shown without importing the command's module
COMMANDS = {
    "data": "Import, synthesise, check recordings and compute their features.",
    "train": "Train a model on a data set and release it, fully int8.",
    "shrink": "Find the best int8 model under a board's budget, and say why it is that one.",
    "compile": "Turn an int8 .tflite into straight-line C and its constants.",
    "verify": "Compare a model on an emulated board with TFLite Micro, tensor by tensor.",
    "bench": "Measure models on emulated boards: instructions, bytes, exactness.",
    "pack": "Build a model pack, or show what one holds.",
    "build": "Build the firmware of a board for a release.",
    "sim": "Run the firmware on an emulated board behind a serial URL.",
    "demo": "The whole line: recordings to predictions on an emulated board.",
}


class LazyGroup(click.Group):
    """Imports a command's module when it is called, not when the group's help is shown."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"aurora.commands.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="aurora")
@click.option("-v", "--verbose", is_flag=True, help="Show the traceback of an error.")
def group(verbose: bool) -> None:
    """Predictive maintenance on the machine: train, shrink, prove and run int8 models on Cortex-M boards."""


def main() -> None:
    """Entry point of the console script; exits with the codes listed in aurora.errors."""
    # an exception, so that temporary folders go and emulators end
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:  # the terminal was closed; nohup ignores that
        signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    verbose = any(word in ("-v", "--verbose") for word in sys.argv[1:])
    try:
        group(standalone_mode=False)
    except click.exceptions.Exit as finished:
        sys.exit(finished.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("aurora: interrupted", err=True)
        sys.exit(130)
    except AuroraError as error:
        if verbose:
            traceback.print_exc()
        click.echo(f"aurora: {error}", err=True)
        sys.exit(error.exit_code)
