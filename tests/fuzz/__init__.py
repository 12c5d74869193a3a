"""Everything that reads what others wrote, given what nobody would write.

parsers      each of them, with examples of what it reads
mutations    an example → something near it
__main__     ``make fuzz``: minutes of it, guided by coverage; ``scenarios/test_parsers`` is the short form
"""
