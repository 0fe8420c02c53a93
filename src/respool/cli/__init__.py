"""The command line: translates what was typed and what came of it; decides nothing about mail."""
