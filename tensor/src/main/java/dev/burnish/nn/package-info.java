/// The building blocks of decoders: parameters in flat buffers, token forests, cached keys and
/// values, and blocks that go forward and backward explicitly.
///
/// Shape suffixes of tensors: `T` tokens, `H` hidden, `C` query, key and value columns together,
/// `Q` query heads, `I` intermediate, `V` vocabulary, `N` targets, `B` sequences of a decoding
/// step.
@NullMarked
package dev.burnish.nn;

import org.jspecify.annotations.NullMarked;
