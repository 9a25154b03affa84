/// Finds the files of a model: a folder, a file, or `hf:owner/name[@revision]`, which is fetched
/// from the model hub into the hub's own cache.
@NullMarked
package dev.burnish.hub;

import org.jspecify.annotations.NullMarked;
