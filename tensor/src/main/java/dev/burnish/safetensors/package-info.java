/// Model files: safetensors (mapped reader, atomic writer, shards), GGUF (reader with
/// de-quantisation, writer) and [dev.burnish.safetensors.Checkpoint], which gives both one face
/// with Hugging Face tensor names.
///
/// Files are mapped, not read. A file that another process truncates while it is mapped makes the
/// JVM throw `InternalError` at the access to a page that is gone; files of ours are replaced by
/// rename and never shortened in place, so a mapped file stays whole until it is closed.
@NullMarked
package dev.burnish.safetensors;

import org.jspecify.annotations.NullMarked;
