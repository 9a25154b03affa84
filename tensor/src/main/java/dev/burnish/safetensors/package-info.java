/// Safetensors files: mapped reader, atomic writer, shards; and code shared by all readers of model
/// files: [dev.burnish.safetensors.Checkpoint], strict JSON, errors.
///
/// Files are mapped, not read. A file that another process truncates while it is mapped makes the
/// JVM throw `InternalError` at the access to a page that is gone; files of ours are replaced by
/// rename and never shortened in place, so a mapped file stays whole until it is closed.
@NullMarked
package dev.burnish.safetensors;

import org.jspecify.annotations.NullMarked;
