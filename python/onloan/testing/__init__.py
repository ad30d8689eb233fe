"""The pytest plugin: silent until asked.

    --onloan            (or ini `onloan = true`) reports per test what stayed out
    --onloan-strict     (or ini `onloan_strict = true`) fails a test that leaves an export behind
    @pytest.mark.onloan(allow=N)    N exports may stay out of this test
    fixture onloan_tracing          traces this test, whatever the options say

A test is judged after its fixtures are torn down. What a fixture of a wider scope (class, module, session) acquires while it is set up is the
fixture's, and not counted. What only garbage holds is collected first.
"""
