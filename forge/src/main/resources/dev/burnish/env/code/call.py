"""Calls one function of a program, whose text and arguments come from standard input, and prints what it returns."""

import json
import sys


def call():
    job = json.loads(sys.stdin.readline())
    space = {'__name__': 'solution'}
    exec(compile(job['code'], 'solution.py', 'exec'), space)
    name = job['function']
    function = space[name] if name in space else getattr(space['Solution'](), name)
    result = function(*job['arguments'])
    sys.stdout.write('\n' + job['mark'] + json.dumps(result, allow_nan=False) + '\n')


call()
