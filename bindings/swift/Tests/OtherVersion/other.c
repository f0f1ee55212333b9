#include "other.h"

// Loaded before the library, as if that were of another version.
uint16_t uniffi_koppel_ffi_checksum_func_host_of(void) { return 1; }
