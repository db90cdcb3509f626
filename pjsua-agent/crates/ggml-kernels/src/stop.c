// The one thing that needs ggml's inner headers; stop.rs says what for.

#include <string.h>

#include "ggml-backend-impl.h"

static ggml_backend_reg_t changed;
static void * (*own_proc_address)(ggml_backend_reg_t registration, const char * name);
static ggml_abort_callback is_to_stop;

static void set_abort_callback(ggml_backend_t backend, ggml_abort_callback callback, void * data) {
    ggml_backend_set_abort_callback_t own =
        (ggml_backend_set_abort_callback_t) own_proc_address(changed, "ggml_backend_set_abort_callback");
    own(backend, callback ? callback : is_to_stop, data);
}

static void * proc_address(ggml_backend_reg_t registration, const char * name) {
    if (strcmp(name, "ggml_backend_set_abort_callback") == 0) {
        return (void *) set_abort_callback;
    }
    return own_proc_address(registration, name);
}

// The first call counts.
void ggml_kernels_stop_by(ggml_backend_reg_t registration, ggml_abort_callback callback) {
    if (changed) {
        return;
    }
    changed = registration;
    is_to_stop = callback;
    own_proc_address = registration->iface.get_proc_address;
    registration->iface.get_proc_address = proc_address;
}
