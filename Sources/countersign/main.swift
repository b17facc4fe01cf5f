internal import Command
