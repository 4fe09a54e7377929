"""The light runtime that serves the networks: ONNX files in, arrays out."""
