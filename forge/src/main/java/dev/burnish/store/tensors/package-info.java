/// The tensor store: tensors by key, put and read in any layout. The bytes lie in memory that the
/// processes of a host share; a catalogue knows whose parts are where.
@NullMarked
package dev.burnish.store.tensors;

import org.jspecify.annotations.NullMarked;
