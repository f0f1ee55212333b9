#include <stdint.h>

uint16_t uniffi_koppel_ffi_checksum_func_host_of(void);
