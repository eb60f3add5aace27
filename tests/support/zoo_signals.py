"""Networks on windows of signals and on features, as people write them in Keras."""

from typing import Any

from zoo_parts import conv, depth, nearest, normal, zoo


@zoo
def tcn(k: Any) -> Any:
    """Causal, dilated, residual, with Conv1D."""
    L = k.layers
    x = start = k.Input((96, 3))
    for i, channels in enumerate((8, 8, 12)):
        y = L.Conv1D(channels, 3, padding="causal", dilation_rate=2**i, activation="relu")(x)
        y = L.Conv1D(channels, 3, padding="causal", dilation_rate=2**i)(y)
        x = x if x.shape[-1] == channels else L.Conv1D(channels, 1)(x)
        x = L.ReLU()(L.Add()([x, y]))
    return k.Model(start, L.Dense(4)(x[:, -1]))


@zoo
def tcn_2d(k: Any) -> Any:
    """The same with padding apart and 1xN convolutions, depthwise and not."""
    L = k.layers
    x = start = k.Input((1, 128, 3))
    x = conv(L, x, 8, (1, 7), strides=(1, 2))
    for i in range(4):
        y = L.ZeroPadding2D(((0, 0), (2 * 2**i, 0)))(x)
        y = conv(L, y, 8, (1, 3), padding="valid", dilation_rate=(1, 2**i))
        y = depth(L, y, (1, 5), None, dilation_rate=(1, 2**i))
        x = L.ReLU()(L.Add()([x, y]))
    return k.Model(start, L.Dense(4)(L.Flatten()(L.AveragePooling2D((1, 8))(x))))


@zoo
def wavenet(k: Any) -> Any:
    """tanh times sigmoid, skips summed."""
    L = k.layers
    x = start = k.Input((1, 60, 2))
    x, skips = conv(L, x, 8, (1, 1), None), []
    for i in range(3):
        a, b = k.ops.split(L.Conv2D(16, (1, 2), padding="same", dilation_rate=(1, 2**i))(x), 2, axis=-1)
        y = L.Conv2D(8, 1)(L.Multiply()([k.ops.tanh(a), k.ops.sigmoid(b)]))
        skips.append(y)
        x = L.Add()([x, y])
    y = L.ReLU()(L.Add()(skips))
    return k.Model(start, [L.Conv2D(6, 1, activation="softmax")(y), L.Conv2D(2, 1, activation="sigmoid")(x)])


@zoo
def unet_1d(k: Any) -> Any:
    """Nearest resize and transposed convolution on the way up."""
    L = k.layers
    x = start = k.Input((1, 64, 2))
    a = conv(L, x, 6, (1, 5))
    b = conv(L, L.MaxPooling2D((1, 2))(a), 10, (1, 5))
    c = conv(L, L.MaxPooling2D((1, 2))(b), 14, (1, 5))
    y = L.Concatenate()([nearest(k, c, 1, 32), b])
    y = L.Conv2DTranspose(6, (1, 4), strides=(1, 2), padding="same", activation="relu")(conv(L, y, 8, (1, 3)))
    return k.Model(start, L.Conv2D(2, 1)(conv(L, L.Concatenate()([y, a]), 6, (1, 3))))


@zoo
def dense_autoencoder(k: Any) -> Any:
    x = start = k.Input((60,))
    for width in (48, 24, 6, 24, 48):
        x = normal(k.layers, k.layers.Dense(width)(x))
    return k.Model(start, k.layers.Dense(60)(x))


@zoo
def conv_autoencoder(k: Any) -> Any:
    """With leaky ReLUs, a bottleneck of Dense layers and the reconstruction's error as second output."""
    L = k.layers
    x = start = k.Input((1, 64, 3))
    for channels in (8, 4):
        x = L.LeakyReLU(0.1)(conv(L, x, channels, (1, 5), None, strides=(1, 2)))
    x = L.Dense(64)(L.LeakyReLU(0.3)(L.Dense(7)(L.Flatten()(x))))
    x = L.Reshape((1, 16, 4))(x)
    for channels in (6, 3):
        x = L.Conv2DTranspose(channels, (1, 5), strides=(1, 2), padding="same")(x)
    error = L.Subtract()([x, start])
    return k.Model(start, [x, k.ops.mean(L.Multiply()([error, error]), axis=(1, 2))])


@zoo
def densenet(k: Any) -> Any:
    L = k.layers
    x = start = k.Input((1, 48, 4))
    for _ in range(2):
        for _ in range(3):
            x = L.Concatenate()([x, conv(L, normal(L, x), 4, (1, 3))])
        x = L.AveragePooling2D((1, 2))(L.Conv2D(8, 1)(x))
    return k.Model(start, {"wear": L.Dense(1, "sigmoid")(L.Flatten()(x)), "kind": L.Dense(3)(L.Flatten()(x))})


@zoo
def mixer(k: Any) -> Any:
    """Dense layers along each axis in turn, through transpositions."""
    L = k.layers
    x = start = k.Input((12, 10))
    for _ in range(2):
        y = L.Permute((2, 1))(x)
        y = L.Permute((2, 1))(L.Dense(12)(L.Dense(16, "relu")(y)))
        x = L.Add()([x, y])
        x = L.Add()([x, L.Dense(10)(L.Dense(20, "relu")(x))])
    return k.Model(start, L.Dense(3)(L.GlobalAveragePooling1D()(x)))


@zoo
def vgg_1d(k: Any) -> Any:
    """Conv1D and its pools, valid padding."""
    L = k.layers
    x = start = k.Input((100, 3))
    for channels in (6, 8, 10):
        x = L.MaxPooling1D(2)(L.Conv1D(channels, 5, activation="relu")(x))
    x = L.Dense(16, "relu")(L.Dropout(0.2)(L.Flatten()(x)))
    return k.Model(start, L.Dense(4, "softmax")(x))


@zoo
def lstm(k: Any) -> Any:
    L = k.layers
    x = start = k.Input((14, 5))
    x = L.LSTM(6, return_sequences=True, unroll=True)(x)
    x = L.LSTM(8, unroll=True)(x)
    return k.Model(start, L.Dense(3, "softmax")(x))


@zoo
def gru(k: Any) -> Any:
    x = start = k.Input((10, 4))
    x = k.layers.Bidirectional(k.layers.GRU(5, unroll=True))(x)
    return k.Model(start, k.layers.Dense(3)(x))


@zoo
def crnn(k: Any) -> Any:
    """Convolutions over a spectrogram, then an LSTM along time."""
    L = k.layers
    x = start = k.Input((20, 16, 1))
    x = L.MaxPooling2D((2, 4))(conv(L, x, 5))
    x = L.Reshape((10, 4 * 5))(x)
    x = L.LSTM(7, return_sequences=True, unroll=True)(x)
    return k.Model(start, L.Dense(4)(L.Flatten()(x)))


@zoo
def two_sensors(k: Any) -> Any:
    """Two inputs of other shapes, differences and products, three outputs."""
    L = k.layers
    a, b = k.Input((1, 32, 3), name="vibration"), k.Input((4,), name="state")
    x = L.Flatten()(L.AveragePooling2D((1, 4))(conv(L, a, 6, (1, 5), strides=(1, 2))))
    y = L.Dense(x.shape[-1], "tanh")(b)
    both = L.Concatenate()([L.Multiply()([x, y]), L.Subtract()([x, y])])
    heads = {"kind": L.Dense(3, "softmax")(both), "left": L.Dense(1)(both), "gain": L.Dense(1, "sigmoid")(y)}
    return k.Model([a, b], heads)


@zoo
def normalised(k: Any) -> Any:
    """The mean of each channel taken off, a scale by constants, a border that is not zero."""
    L = k.layers
    x = start = k.Input((1, 40, 4))
    x = (x - k.ops.mean(x, axis=2, keepdims=True)) * k.ops.array([0.5, 2.0, -1.0, 0.1])
    x = x + k.ops.array([0.1, -0.2, 0.3, 0.7])
    x = k.ops.pad(x, ((0, 0), (0, 0), (3, 2), (0, 0)), constant_values=-0.5)
    x = L.Activation("tanh")(L.Conv2D(6, (1, 6))(x))
    x = k.ops.maximum(x, 0.0)[:, :, ::2, 1:]
    return k.Model(start, L.Dense(3)(L.Flatten()(x)))


@zoo
def attention(k: Any) -> Any:
    """Weights over time from a softmax, their sum as a mean."""
    L = k.layers
    x = start = k.Input((1, 24, 4))
    x = conv(L, x, 8, (1, 5))
    w = L.Reshape((1, 24, 1))(L.Softmax()(L.Reshape((24,))(L.Conv2D(1, 1)(x))))
    x = k.ops.mean(L.Multiply()([x, w]), axis=(1, 2))
    return k.Model(start, L.Dense(4)(x))


@zoo
def float_edges(k: Any) -> Any:
    L = k.layers
    x = start = k.Input((1, 32, 2))
    x = L.Flatten()(conv(L, conv(L, x, 4, (1, 5), strides=(1, 2)), 6, (1, 3), strides=(1, 2)))
    return k.Model(start, L.Dense(3, "softmax")(x))


@zoo
def float_in(k: Any) -> Any:
    x = start = k.Input((20,))
    return k.Model(start, k.layers.Dense(3)(k.layers.Dense(9, "sigmoid")(x)))
