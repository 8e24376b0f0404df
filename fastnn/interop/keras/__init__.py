"""Files of Keras, both ways: ``.keras`` archives, full models in ``.h5`` files, and files of weights.

Files are read as untrusted input; `fastnn.interop.keras.config` has the classes that they may name.
"""
