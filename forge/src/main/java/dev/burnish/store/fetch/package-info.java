/// Parts of tensors that are on other hosts: exactly the elements that a reader needs are asked
/// for, and every byte is checked against the digests of its writer.
@NullMarked
package dev.burnish.store.fetch;

import org.jspecify.annotations.NullMarked;
