"""Train a language model on a text, character by character.

    python examples/char_lstm.py --text shakespeare.txt --epochs 8

Characters are embedded, an LSTM reads 64 of them at a time, and a softmax predicts the next one. The last
tenth of the text is used for validation; after each epoch the program prints the validation loss, in nats per
character, and a sample. Without a text it reads sums in words, "nine plus eight is seventeen.": after some
epochs it writes such sentences, and the program counts how many of their sums are right.
"""

from __future__ import annotations

import argparse
import re
import time
from pathlib import Path

import numpy as np

import fastnn
from fastnn.layers import LSTM, Dense, Embedding, Input

SENTENCES, LARGEST = 9000, 9
NUMBERS = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
]  # fmt: skip


def sums(random):
    """Return a text of sums of two numbers in words, in random order."""
    return "".join(
        f"{NUMBERS[a]} plus {NUMBERS[b]} is {NUMBERS[a + b]}.\n"
        for a, b in random.integers(0, LARGEST + 1, (SENTENCES, 2))
    )


def count_sums(text):
    """Return how many lines of a text are sums of numbers in words, and how many of those are right."""
    sentences = re.findall(r"^(\w+) plus (\w+) is (\w+)\.$", text, re.MULTILINE)
    found = [[NUMBERS.index(word) for word in words] for words in sentences if {*words} <= {*NUMBERS}]
    return len(found), sum(a + b == c for a, b, c in found)


def pieces(codes, steps):
    """Return inputs and targets: pieces of a text, and the same pieces shifted by one character."""
    count = (len(codes) - 1) // steps
    end = count * steps
    return codes[:end].reshape(count, steps), codes[1 : end + 1].reshape(count, steps)


def sample(model, codes, alphabet, length, temperature, random):
    """Return text that the model generates after the characters `codes`, one step per character."""
    stream, written = model.stream(), []
    for code in codes:
        answer = stream.step(code)
    for _ in range(length):
        chances = answer.astype(float) ** (1 / temperature)
        written.append(random.choice(len(alphabet), p=chances / chances.sum()))
        answer = stream.step(written[-1])
    return "".join(alphabet[code] for code in written)


def main():
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--text", type=Path, help="any file of text; by default, sums in words")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--hidden", type=int, default=192)
    parser.add_argument("--layers", type=int, default=1)
    parser.add_argument("--steps", type=int, default=64)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=4e-3)
    parser.add_argument("--length", type=int, default=200, help="of a sample")
    parser.add_argument("--temperature", type=float, default=0.8)
    options = parser.parse_args()

    fastnn.utils.set_random_seed(1)
    random = np.random.default_rng(1)
    text = options.text.read_text(encoding="utf-8") if options.text else sums(random)
    alphabet = sorted(set(text))
    codes = np.array([alphabet.index(c) for c in text])
    split = len(codes) * 9 // 10
    training, validation = pieces(codes[:split], options.steps), pieces(codes[split:], options.steps)

    model = fastnn.Sequential([Input((None,)), Embedding(len(alphabet), 32)])
    for _ in range(options.layers):
        model.add(LSTM(options.hidden, return_sequences=True))
    model.add(Dense(len(alphabet), activation="softmax"))
    model.compile(fastnn.optimizers.Adam(options.rate), "sparse_categorical_crossentropy")
    model.summary()

    began = time.perf_counter()
    for epoch in range(options.epochs):
        if epoch == options.epochs - 1:
            model.optimizer.learning_rate = options.rate / 5
        model.fit(*training, batch_size=options.batch, verbose=0)
        loss = model.evaluate(*validation, verbose=0)
        seconds = time.perf_counter() - began
        print(f"\nepoch {epoch + 1}: {loss:.3f} nats per character, {seconds:.0f} s", flush=True)
        start = codes[split : split + options.steps]
        written = sample(model, start, alphabet, options.length, options.temperature, random)
        print(written, flush=True)
        if options.text is None:
            complete, right = count_sums(written.partition("\n")[2])
            print(f"({right} of {complete} sums are right)", flush=True)


if __name__ == "__main__":
    main()
