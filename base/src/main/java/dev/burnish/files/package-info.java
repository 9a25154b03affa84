/// Folders and files that only this user can have made.
@NullMarked
package dev.burnish.files;

import org.jspecify.annotations.NullMarked;
