@NullMarked
package dev.burnish.safetensors;

import org.jspecify.annotations.NullMarked;
