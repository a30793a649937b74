"""A web page in which a model runs: a headless browser opens it, and it answers with the browser's own numbers.

The page and its script lie here; ONNX Runtime Web comes from its npm package, which is kept in the user's folder of
caches. Nothing here reaches beyond this machine but npm itself, once.
"""
