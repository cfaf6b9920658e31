#include "CPKCS11.h"

#include <dlfcn.h>
#include <stddef.h>

// One function too few or too many, and every call after it would be another's.
_Static_assert(sizeof(CK_FUNCTION_LIST) == 69 * sizeof(void *), "68 functions after the version");
_Static_assert(offsetof(CK_FUNCTION_LIST, C_Sign) == 44 * sizeof(void *), "C_Sign is the 44th");

const CK_FUNCTION_LIST *cp_pkcs11_load(const char *path, const char **reason) {
    // Stays loaded for the life of the process: other code may have initialised it too.
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (module == NULL) {
        *reason = dlerror();
        return NULL;
    }
    CK_RV (*get)(CK_FUNCTION_LIST **) = (CK_RV (*)(CK_FUNCTION_LIST **))dlsym(module, "C_GetFunctionList");
    CK_FUNCTION_LIST *list = NULL;
    if (get == NULL || get(&list) != CKR_OK || list == NULL) {
        *reason = "it has no C_GetFunctionList, or that fails";
        return NULL;
    }
    return list;
}
