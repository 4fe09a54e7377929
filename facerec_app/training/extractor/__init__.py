"""Growing the program's own ResNet50 face extractor by distillation from free face networks.

Run as ``python -m facerec_app.training.extractor``; the recipe is in ``docs/extractor-training.md``. PyTorch is met
only in modules named ``torch_*``, Keras only in ``keras_*``, and neither is needed by the program itself.
"""
