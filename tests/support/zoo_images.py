"""Networks on pictures and spectrograms, as people write them in Keras."""

from typing import Any

from zoo_parts import conv, depth, nearest, normal, zoo


@zoo
def mobilenet_v1(k: Any) -> Any:
    x = start = k.Input((40, 40, 3))
    x = conv(k.layers, x, 8, strides=2)
    for channels, stride in ((16, 1), (32, 2), (32, 1), (64, 2), (64, 1)):
        x = conv(k.layers, depth(k.layers, x, strides=stride), channels, 1)
    x = k.layers.GlobalAveragePooling2D()(x)
    return k.Model(start, k.layers.Dense(10)(x))


@zoo
def mobilenet_v2(k: Any) -> Any:
    L = k.layers
    x = start = k.Input((32, 32, 3))
    x = conv(L, x, 8, activation=6, strides=2)
    for channels, stride in ((8, 1), (12, 2), (12, 1), (16, 2), (16, 1), (16, 1)):
        y = conv(L, x, 6 * x.shape[-1], 1, 6)
        y = conv(L, depth(L, y, activation=6, strides=stride), channels, 1, None)
        x = L.Add()([x, y]) if x.shape == y.shape else y
    x = L.AveragePooling2D(4)(conv(L, x, 40, 1, 6))
    return k.Model(start, L.Dense(5)(L.Flatten()(x)))


@zoo
def mobilenet_v3(k: Any) -> Any:
    """Hard swish, squeeze and excitation by a mean and a hard sigmoid."""
    L = k.layers

    def swish(x: Any) -> Any:
        return L.Multiply()([x, L.ReLU(6.0)(x + 3.0) * (1.0 / 6.0)])

    x = start = k.Input((32, 32, 1))
    x = swish(conv(L, x, 8, activation=None, strides=2))
    for channels, taps, stride in ((12, 3, 2), (12, 5, 1), (20, 5, 2), (20, 3, 1)):
        y = swish(conv(L, x, 24, 1, None))
        y = swish(depth(L, y, taps, None, strides=stride))
        s = L.GlobalAveragePooling2D(keepdims=True)(y)
        s = L.Conv2D(24, 1, activation="hard_sigmoid")(L.Conv2D(8, 1, activation="relu")(s))
        y = conv(L, L.Multiply()([y, s]), channels, 1, None)
        x = L.Add()([x, y]) if x.shape == y.shape else y
    return k.Model(start, L.Dense(4)(L.GlobalAveragePooling2D()(swish(x))))


@zoo
def efficientnet_lite(k: Any) -> Any:
    """Squeeze and excitation with a sigmoid over Dense layers and a reshape, 5x5 taps, odd sizes."""
    L = k.layers
    x = start = k.Input((35, 27, 3))
    x = conv(L, x, 10, activation=6, strides=2)
    for channels, taps, stride in ((10, 3, 1), (18, 5, 2), (18, 5, 1)):
        y = depth(L, conv(L, x, 3 * x.shape[-1], 1, 6), taps, 6, strides=stride)
        s = L.Dense(4, "relu")(L.GlobalAveragePooling2D()(y))
        s = L.Reshape((1, 1, y.shape[-1]))(L.Dense(y.shape[-1], "sigmoid")(s))
        y = conv(L, y * s, channels, 1, None)
        x = L.Add()([x, y]) if x.shape == y.shape else y
    return k.Model(start, L.Dense(3)(L.GlobalAveragePooling2D()(x)))


@zoo
def ds_cnn(k: Any) -> Any:
    x = start = k.Input((49, 10, 1))
    x = conv(k.layers, x, 24, (10, 4), strides=(2, 2))
    for _ in range(3):
        x = conv(k.layers, depth(k.layers, x), 24, 1)
    x = k.layers.AveragePooling2D((25, 5))(x)
    return k.Model(start, k.layers.Dense(12)(k.layers.Flatten()(x)))


@zoo
def unet_2d(k: Any) -> Any:
    L = k.layers
    x = start = k.Input((24, 20, 1))
    a = conv(L, x, 6)
    b = conv(L, L.MaxPooling2D()(a), 8, strides=2)
    y = L.Conv2DTranspose(8, 3, strides=2, padding="same")(b)
    y = L.Concatenate()([nearest(k, y, 24, 20), a])
    y = L.Conv2DTranspose(4, 2, strides=1, padding="valid", use_bias=False)(y)
    return k.Model(start, L.Conv2D(3, 1, activation="softmax")(y))


@zoo
def inception(k: Any) -> Any:
    """Branches of other taps joined, a pool among them, SAME pools at odd sizes."""
    L = k.layers
    x = start = k.Input((23, 17, 3))
    x = L.MaxPooling2D(3, 2, padding="same")(conv(L, x, 8))
    for _ in range(2):
        a = conv(L, x, 4, 1)
        b = conv(L, conv(L, x, 4, 1), 6, (1, 7))
        c = conv(L, conv(L, x, 3, (5, 1)), 4, 3)
        d = conv(L, L.AveragePooling2D(3, 1, padding="same")(x), 3, 1)
        x = L.Concatenate()([a, b, c, d])
    x = L.AveragePooling2D(2, padding="same")(x)
    return k.Model(start, L.Dense(7, "softmax")(L.Flatten()(x)))


@zoo
def shufflenet(k: Any) -> Any:
    """Channels split, and shuffled by a transposition of five axes."""
    L = k.layers
    x = start = k.Input((16, 16, 3))
    x = conv(L, x, 12, strides=2)
    for _ in range(2):
        a, b = k.ops.split(x, 2, axis=-1)
        b = conv(L, depth(L, conv(L, b, 6, 1), activation=None), 6, 1)
        x = L.Concatenate()([a, b])
        x = L.Reshape((8, 8, 2, 6))(x)
        x = L.Reshape((8, 8, 12))(L.Permute((1, 2, 4, 3))(x))
    return k.Model(start, L.Dense(4)(L.GlobalAveragePooling2D()(x)))


@zoo
def squeezenet(k: Any) -> Any:
    """Fire modules; the classes are a convolution's averages."""
    L = k.layers
    x = start = k.Input((26, 26, 3))
    x = L.MaxPooling2D(3, 2)(conv(L, x, 8, strides=2, padding="valid"))
    for squeeze, expand in ((4, 8), (6, 10)):
        s = L.Conv2D(squeeze, 1, activation="relu")(x)
        x = L.Concatenate()([L.Conv2D(expand, 1, activation="relu")(s),
                             L.Conv2D(expand, 3, padding="same", activation="relu")(s)])  # fmt: skip
    x = L.GlobalAveragePooling2D()(L.Conv2D(5, 1)(x))
    return k.Model(start, L.Softmax()(x))


@zoo
def resnet(k: Any) -> Any:
    """Projections on the short cut, activations before the convolutions in the last block."""
    L = k.layers
    x = start = k.Input((20, 20, 3))
    x = conv(L, x, 8)
    for channels, stride in ((8, 1), (12, 2), (16, 2)):
        y = conv(L, conv(L, x, channels, strides=stride), channels, activation=None)
        s = x if stride == 1 else conv(L, x, channels, 1, None, strides=stride)
        x = L.ReLU()(L.Add()([y, s]))
    y = conv(L, normal(L, x), 16, activation=None)
    x = normal(L, L.Add()([x, y]))
    return k.Model(start, L.Dense(6)(L.Flatten()(L.AveragePooling2D(5)(x))))


@zoo
def separable(k: Any) -> Any:
    """A multiplier of channels, dilation, one channel in, crops and paddings."""
    L = k.layers
    x = start = k.Input((30, 14, 1))
    x = L.ReLU()(L.SeparableConv2D(6, (5, 3), depth_multiplier=4, padding="valid")(x))
    x = L.SeparableConv2D(8, 3, depth_multiplier=2, dilation_rate=2, padding="same", activation="relu6")(x)
    x = L.ZeroPadding2D((1, 2))(L.Cropping2D(((3, 2), (1, 4)))(x))
    x = L.DepthwiseConv2D((3, 3), strides=(2, 2), depth_multiplier=3)(x)
    return k.Model(start, L.Dense(2)(L.Flatten()(L.LeakyReLU(0.2)(x))))


@zoo
def image_bytes(k: Any) -> Any:
    L = k.layers
    x = start = k.Input((15, 15, 3))
    x = L.GlobalAveragePooling2D()(conv(L, conv(L, x, 8, strides=2), 8))
    return k.Model(start, L.Dense(3, "sigmoid")(x))


@zoo
def per_tensor(k: Any) -> Any:
    """One scale for all channels, as older converters wrote it."""
    return mobilenet_v2(k)
