"""Images: listed, sampled and read.

Comes in: a folder, an archive (downloaded, unpacked) or the built-in demo; scores of images.
Goes out: the manifest, the balanced sample that is explained, arrays of pixels.
"""
