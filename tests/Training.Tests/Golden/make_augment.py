#!/usr/bin/python3
"""Writes augment.json: SHA-256 of a small picture after each operation of Pillow that augmentation uses.
Run with Debian's python3-pil: /usr/bin/python3 make_augment.py"""
import hashlib
import json
import os
import platform

import PIL
from PIL import Image, ImageEnhance, ImageOps

W, H = 37, 29


def picture(soft):
    """The same formula as AugmentTests.Picture."""
    im = Image.new('RGB', (W, H))
    for y in range(H):
        for x in range(W):
            v = [(x * 7 + y * 13 + c * 29 + (x * y) % 11 * 5) % 256 for c in range(3)]
            im.putpixel((x, y), tuple(40 + k // 3 for k in v) if soft else tuple(v))
    return im


def affine(im, m, resample):
    return im.transform(im.size, Image.AFFINE, m, resample)


def solarize_add(im, addition, threshold=128):
    return ImageOps.solarize(im.point([min(255, i + addition) for i in range(256)] * 3), threshold)


CASES = {
    'invert': lambda im: ImageOps.invert(im),
    'solarize 51': lambda im: ImageOps.solarize(im, 51),
    'solarize 102.4': lambda im: ImageOps.solarize(im, 102.4),
    'posterize 1': lambda im: ImageOps.posterize(im, 1),
    'posterize 4': lambda im: ImageOps.posterize(im, 4),
    'solarizeadd 44': lambda im: solarize_add(im, 44),
    'autocontrast': lambda im: ImageOps.autocontrast(im),
    'equalize': lambda im: ImageOps.equalize(im),
    'color 0.1': lambda im: ImageEnhance.Color(im).enhance(0.1),
    'color 1.54': lambda im: ImageEnhance.Color(im).enhance(1.54),
    'contrast 0.82': lambda im: ImageEnhance.Contrast(im).enhance(0.82),
    'contrast 1.54': lambda im: ImageEnhance.Contrast(im).enhance(1.54),
    'brightness 0.6': lambda im: ImageEnhance.Brightness(im).enhance(0.6),
    'brightness 1.4': lambda im: ImageEnhance.Brightness(im).enhance(1.4),
    'sharpness 0.3': lambda im: ImageEnhance.Sharpness(im).enhance(0.3),
    'sharpness 1.36': lambda im: ImageEnhance.Sharpness(im).enhance(1.36),
    'rotate 27': lambda im: im.rotate(27),
    'rotate -24': lambda im: im.rotate(-24),
    'rotate 12': lambda im: im.rotate(12),
    'rotate bicubic 30': lambda im: im.rotate(30, Image.BICUBIC),
    'shearx 0.15': lambda im: affine(im, (1, 0.15, 0, 0, 1, 0), Image.BICUBIC),
    'shearx -0.15': lambda im: affine(im, (1, -0.15, 0, 0, 1, 0), Image.BICUBIC),
    'sheary 0.27': lambda im: affine(im, (1, 0, 0, 0.27, 1, 0), Image.BICUBIC),
    'shearx nearest 0.12': lambda im: affine(im, (1, 0.12, 0, 0, 1, 0), Image.NEAREST),
    'translatex 5': lambda im: affine(im, (1, 0, 5, 0, 1, 0), Image.BICUBIC),
    'translatey -4': lambda im: affine(im, (1, 0, 0, 0, 1, -4), Image.BICUBIC),
    'translatex nearest 40': lambda im: affine(im, (1, 0, 40, 0, 1, 0), Image.NEAREST),
    'translatey nearest 3.6': lambda im: affine(im, (1, 0, 0, 0, 1, 3.6), Image.NEAREST),
    'flip': lambda im: ImageOps.mirror(im),
}

result = {'pillow': PIL.__version__, 'python': platform.python_version(), 'cases': {}}
for soft in (False, True):
    for name, op in CASES.items():
        result['cases'][f'{"soft" if soft else "hard"}: {name}'] = hashlib.sha256(op(picture(soft)).tobytes()).hexdigest()
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'augment.json'), 'w') as f:
    json.dump(result, f, indent=1)
    f.write('\n')
