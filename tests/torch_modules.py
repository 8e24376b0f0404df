"""Modules of PyTorch such as programs have them, for tests and for tools/torch_files.py."""

from __future__ import annotations


def modules(torch):
    """Return modules by name, each with the shape of a sample, or a list of them.

    A shape that begins with "ids" and a number is one of whole numbers below it.
    """
    nn = torch.nn
    functional = nn.functional

    class Written(nn.Module):
        """A module with a `forward` that is given as a function."""

        def __init__(self, forward, **parts):
            super().__init__()
            for name, part in parts.items():
                setattr(self, name, part)
            self._written = forward

        def forward(self, x):
            return self._written(self, x)

    class WrittenForTwo(Written):
        def forward(self, x, y):
            return self._written(self, x, y)

    def residual(i, o, stride):
        shortcut = nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o))

        def forward(m, x):
            y = m.bn2(m.conv2(m.relu(m.bn1(m.conv1(x)))))
            y += m.shortcut(x)
            return m.relu(y)

        return Written(
            forward, conv1=nn.Conv2d(i, o, 3, stride, 1, bias=False), bn1=nn.BatchNorm2d(o),
            conv2=nn.Conv2d(o, o, 3, 1, 1, bias=False), bn2=nn.BatchNorm2d(o),
            shortcut=nn.Identity() if i == o and stride == 1 else shortcut, relu=nn.ReLU(inplace=True),
        )  # fmt: skip

    def twice(i, o):
        return nn.Sequential(
            nn.Conv2d(i, o, 3, padding=1), nn.ReLU(), nn.Conv2d(o, o, 3, padding=1), nn.ReLU()
        )

    def unet(m, x):
        a = m.down1(x)
        b = m.down2(m.pool(a))
        y = m.up1(torch.cat([m.grow(m.pool(b)), b], dim=1))
        return m.out(m.up2(torch.cat((functional.interpolate(y, scale_factor=2, mode="bilinear"), a), 1)))

    def squeezed(m, x):
        x = functional.relu(m.conv(x))
        b, c, _, _ = x.size()
        gate = torch.sigmoid(m.fc2(functional.relu(m.fc1(x.mean((2, 3)))))).view(b, c, 1, 1)
        x = functional.max_pool2d(x * gate, 2)
        return m.head(x.view(x.size(0), -1))

    def last_states(m, x):
        _, (h, _) = m.lstm(m.embed(x))
        return torch.sigmoid(m.fc(m.drop(torch.cat((h[-2, :, :], h[-1, :, :]), dim=1)))).squeeze(1)

    def from_zeros(m, x):
        y, _ = m.gru(x, torch.zeros(2, x.size(0), 5).to(x.device))
        return m.fc(y[:, -1, :])

    def only_state(m, x):
        start = torch.zeros(1, x.size(0), 5)
        return m.fc(m.lstm(x, (start, start.detach()))[1][0].squeeze(0))

    def looped(m, x):
        for part in m.parts:
            x = functional.gelu(part(x)) + x
        return m.norm(x)

    def sentences(m, x):
        x = m.embed(x).permute(0, 2, 1)
        found = [functional.relu(conv(x)) for conv in m.convs]
        return m.fc(torch.cat([functional.max_pool1d(y, y.shape[2]).squeeze(2) for y in found], 1))

    def gated(m, x):
        one, other = m.a(x).chunk(2, dim=-1)
        p, q = torch.split(one * torch.sigmoid(other), 2, dim=1)
        return m.b(torch.cat([q, p], -1)) * 2 - 0.5

    def time_first(m, x):
        y, _ = m.rnn(m.conv(x.transpose(1, 2)).permute(2, 0, 1))
        return m.fc(y[-1])

    def mixed(m, x):
        x = x + m.steps(m.norm(x).transpose(1, 2)).transpose(1, 2)
        return (x + m.features(x)).mean(dim=1)

    def shared(m, x):
        x = m.act(m.conv(m.act(m.conv(x))))
        return m.fc(functional.adaptive_avg_pool2d(x, 1).flatten(1))

    def coded(m, x):
        z = m.encoder(x.reshape(-1, 16))
        return m.decoder(z), z

    pictures, steps = (3, 8, 8), (7, 4)
    return {
        "mlp": (
            nn.Sequential(
                nn.Linear(4, 8),
                nn.BatchNorm1d(8),
                nn.ReLU(),
                nn.Dropout(0.3),
                nn.Linear(8, 2),
                nn.LogSoftmax(dim=1),
            ),
            (4,),
        ),
        "cnn": (
            nn.Sequential(
                nn.Conv2d(3, 8, 3, padding=1, bias=False),
                nn.BatchNorm2d(8),
                nn.ReLU(),
                nn.MaxPool2d(3, 2, 1),
                nn.Conv2d(8, 6, 3, groups=2, dilation=2, padding=2),
                nn.GroupNorm(2, 6),
                nn.PReLU(6),
                nn.AvgPool2d(2, padding=1),
                nn.Flatten(),
                nn.Dropout(0.1),
                nn.Linear(54, 5),
                nn.LayerNorm(5),
            ),
            pictures,
        ),
        "signals": (
            nn.Sequential(
                nn.Conv1d(3, 4, 3, padding="same"),
                nn.GELU(),
                nn.Conv1d(4, 4, 2, 2),
                nn.Flatten(),
                nn.Linear(24, 2),
            ),
            (3, 12),
        ),
        "resnet": (
            Written(
                lambda m, x: m.fc(torch.flatten(m.pool(m.layers(m.stem(x))), 1)),
                stem=nn.Sequential(nn.Conv2d(3, 4, 3, 1, 1, bias=False), nn.BatchNorm2d(4), nn.ReLU()),
                layers=nn.Sequential(residual(4, 4, 1), residual(4, 6, 2)),
                pool=nn.AdaptiveAvgPool2d((1, 1)),
                fc=nn.Linear(6, 5),
            ),
            pictures,
        ),
        "unet": (
            Written(
                unet,
                down1=twice(1, 2),
                down2=twice(2, 4),
                pool=nn.MaxPool2d(2),
                grow=nn.ConvTranspose2d(4, 4, 2, 2),
                up1=twice(8, 2),
                up2=twice(4, 2),
                out=nn.Conv2d(2, 2, 1),
            ),
            (1, 12, 8),
        ),
        "separable": (
            nn.Sequential(
                nn.Conv2d(3, 6, 1, bias=False),
                nn.BatchNorm2d(6),
                nn.ReLU6(),
                nn.Conv2d(6, 6, 3, 1, 1, groups=6),
                nn.SiLU(),
                nn.ZeroPad2d((1, 2, 0, 1)),
                nn.InstanceNorm2d(6, affine=True),
                nn.Upsample(scale_factor=2),
                nn.Softmax(dim=1),
            ),
            (3, 7, 6),
        ),
        "squeezed": (
            Written(
                squeezed,
                conv=nn.Conv2d(3, 8, 3, padding=1),
                fc1=nn.Linear(8, 2),
                fc2=nn.Linear(2, 8),
                head=nn.Linear(128, 3),
            ),
            pictures,
        ),
        "pooled": (
            nn.Sequential(
                nn.Conv2d(3, 4, 1),
                nn.MaxPool2d(3, 1, 1),
                nn.AdaptiveAvgPool2d((4, 4)),
                nn.AdaptiveAvgPool2d(4),
                nn.Flatten(),
                nn.BatchNorm1d(64),
                nn.Linear(64, 3),
            ),
            pictures,
        ),
        "decoder": (
            nn.Sequential(
                nn.Linear(5, 32),
                nn.Unflatten(1, (8, 2, 2)),
                nn.ConvTranspose2d(8, 4, 4, 2, 1),
                nn.LeakyReLU(0.2),
                nn.ConvTranspose2d(4, 1, 3, 2, 1, output_padding=1),
                nn.Tanh(),
            ),
            (5,),
        ),
        "autoencoder": (
            Written(
                coded,
                encoder=nn.Sequential(nn.Linear(16, 4), nn.ReLU()),
                decoder=nn.Sequential(nn.Linear(4, 16), nn.Sigmoid()),
            ),
            (4, 4),
        ),
        "lstm": (Written(only_state, lstm=nn.LSTM(4, 5, batch_first=True), fc=nn.Linear(5, 3)), steps),
        "gru": (Written(from_zeros, gru=nn.GRU(4, 5, 2, batch_first=True), fc=nn.Linear(5, 3)), steps),
        "bidirectional": (
            Written(
                last_states,
                embed=nn.Embedding(20, 4, padding_idx=0),
                drop=nn.Dropout(0.3),
                lstm=nn.LSTM(4, 3, 2, batch_first=True, bidirectional=True, dropout=0.2),
                fc=nn.Linear(6, 1),
            ),
            ("ids", 20, 7),
        ),
        "time_first": (
            Written(time_first, conv=nn.Conv1d(4, 6, 3, padding=1), rnn=nn.RNN(6, 5), fc=nn.Linear(5, 2)),
            steps,
        ),
        "sentences": (
            Written(
                sentences,
                embed=nn.Embedding(30, 6),
                fc=nn.Linear(8, 2),
                convs=nn.ModuleList([nn.Conv1d(6, 4, k) for k in (2, 3)]),
            ),
            ("ids", 30, 9),
        ),
        "looped": (
            Written(looped, parts=nn.ModuleList([nn.Linear(6, 6) for _ in range(2)]), norm=nn.LayerNorm(6)),
            (6,),
        ),
        "gated": (Written(gated, a=nn.Linear(6, 8), b=nn.Linear(4, 2)), (6,)),
        "mixed": (
            Written(mixed, norm=nn.LayerNorm(4), steps=nn.Linear(7, 7), features=nn.Linear(4, 4)),
            steps,
        ),
        "shared": (
            Written(shared, conv=nn.Conv2d(3, 3, 3, padding=1), act=nn.PReLU(), fc=nn.Linear(3, 2)),
            pictures,
        ),
        "two_inputs": (
            WrittenForTwo(
                lambda m, x, y: {"sum": m.a(x) + m.b(y), "less": m.a(x) - m.b(y)},
                a=nn.Linear(4, 3),
                b=nn.Linear(5, 3),
            ),
            [(4,), (5,)],
        ),
    }


def tried(torch, name):
    """Return a module with weights that depend on all, samples, and what it makes of them.

    Returns
    -------
    module, shapes, x, y
        `shapes` as `from_module` takes it; lists of arrays.
    """
    import numpy as np

    torch.manual_seed(3)
    module, shape = modules(torch)[name]
    for value in module.state_dict().values():
        if value.is_floating_point():
            value.add_(torch.rand_like(value) * 0.1).mul_(64).round_().div_(64)  # files of them are small
    module.train(False)
    random = np.random.default_rng(1)
    x = [
        random.integers(0, one[1], (2, *one[2:])).astype("int64")
        if one[0] == "ids"
        else np.round(random.normal(size=(2, *one)) * 4).astype("float32") / 4
        for one in (shape if isinstance(shape, list) else [shape])
    ]
    with torch.no_grad():
        y = module(*map(torch.from_numpy, x))
    y = list(y.values()) if isinstance(y, dict) else list(y) if isinstance(y, tuple) else [y]
    shapes = [(None, *array.shape[1:]) for array in x]
    return module, shapes if len(x) > 1 else shapes[0], x, [array.numpy() for array in y]
