"""What is proved about exporting and releasing, against the CPython that runs the tests.

`oracle` says what an exporter must answer, literally as it is documented. `exporters` lists the objects that are asked.
Both halves of the extension module `onloan_suite` are used: its classes lend, its `raw` consumes as C does.
"""
