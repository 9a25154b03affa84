"""Runs one command in a tree of files, which come from standard input, and prints what it did: its
output and status, and the files that it changed."""

import base64
import difflib
import json
import os
import subprocess
import sys

ROOT = '/tmp/tree'


def write(files):
    for path, content in files.items():
        target = os.path.join(ROOT, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        data = base64.b64decode(content)
        with open(target, 'wb') as out:
            out.write(data)
        if data.startswith(b'#!'):
            os.chmod(target, 0o755)


def read():
    found = {}
    for folder, _, names in os.walk(ROOT):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and not os.path.islink(path):
                with open(path, 'rb') as data:
                    found[os.path.relpath(path, ROOT)] = base64.b64encode(data.read()).decode()
    return found


def lines(content):
    return base64.b64decode(content or '').decode('utf-8', 'replace').splitlines(keepends=True)


def difference(before, after):
    text = []
    for path in sorted(set(before) | set(after)):
        if before.get(path) != after.get(path):
            for line in difflib.unified_diff(
                    lines(before.get(path)), lines(after.get(path)),
                    'a/' + path if path in before else '/dev/null',
                    'b/' + path if path in after else '/dev/null'):
                text.append(line if line.endswith('\n') else line + '\n\\ No newline at end of file\n')
    return ''.join(text)


def run(job):
    os.makedirs(ROOT, exist_ok=True)
    write(job['files'])
    if not job['command']:
        return {'status': 0, 'output': '', 'difference': difference(job['base'], job['files'])}
    done = subprocess.run(
        ['/bin/sh', '-c', job['command']], cwd=ROOT, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    after = read()
    return {
        'status': done.returncode,
        'output': done.stdout.decode('utf-8', 'replace')[-job['outputCharacters']:],
        'changed': {path: content for path, content in after.items()
                    if job['files'].get(path) != content},
        'deleted': [path for path in job['files'] if path not in after]}


print(json.dumps(run(json.loads(sys.stdin.readline()))))
