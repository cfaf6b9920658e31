#ifndef CRYPTOPULSE_CPKCS11_H
#define CRYPTOPULSE_CPKCS11_H

// The part of Cryptoki that is used here, written after the OASIS PKCS #11 Base Specification 2.40 and its Current Mechanisms (Ed25519:
// version 3.0). On Linux every structure has the platform's own alignment and CK_ULONG is as wide as a pointer.

typedef unsigned long CK_ULONG;
typedef CK_ULONG CK_RV, CK_FLAGS, CK_SLOT_ID, CK_SESSION_HANDLE, CK_OBJECT_HANDLE;
typedef unsigned char CK_BBOOL;

enum {  // CK_RV
    CKR_OK = 0x00,
    CKR_HOST_MEMORY = 0x02,
    CKR_GENERAL_ERROR = 0x05,
    CKR_FUNCTION_FAILED = 0x06,
    CKR_DEVICE_ERROR = 0x30,
    CKR_DEVICE_MEMORY = 0x31,
    CKR_DEVICE_REMOVED = 0x32,
    CKR_ENCRYPTED_DATA_INVALID = 0x40,
    CKR_ENCRYPTED_DATA_LEN_RANGE = 0x41,
    CKR_PIN_INCORRECT = 0xa0,
    CKR_PIN_INVALID = 0xa1,
    CKR_PIN_LEN_RANGE = 0xa2,
    CKR_PIN_LOCKED = 0xa4,
    CKR_SESSION_CLOSED = 0xb0,
    CKR_SESSION_HANDLE_INVALID = 0xb3,
    CKR_TOKEN_NOT_PRESENT = 0xe0,
    CKR_USER_ALREADY_LOGGED_IN = 0x100,
    CKR_USER_NOT_LOGGED_IN = 0x101,
    CKR_CRYPTOKI_NOT_INITIALIZED = 0x190,
    CKR_CRYPTOKI_ALREADY_INITIALIZED = 0x191,
};

enum {
    CKF_RW_SESSION = 0x02,
    CKF_SERIAL_SESSION = 0x04,
    // Of a token: one more wrong PIN locks it.
    CKF_USER_PIN_FINAL_TRY = 0x20000,
    CKF_OS_LOCKING_OK = 0x02,
    CKU_USER = 1,
    CKO_PUBLIC_KEY = 2,
    CKO_PRIVATE_KEY = 3,
    CKO_SECRET_KEY = 4,
    CKA_CLASS = 0x000,
    CKA_TOKEN = 0x001,
    CKA_PRIVATE = 0x002,
    CKA_LABEL = 0x003,
    CKA_KEY_TYPE = 0x100,
    CKA_ID = 0x102,
    CKA_SENSITIVE = 0x103,
    CKA_SIGN = 0x108,
    CKA_VERIFY = 0x10a,
    CKA_EXTRACTABLE = 0x162,
    CKA_EC_PARAMS = 0x180,
    CKA_EC_POINT = 0x181,
    CKK_EC = 0x03,
    CKK_AES = 0x1f,
    CKK_EC_EDWARDS = 0x40,
    CKM_ECDSA = 0x1041,
    CKM_EC_EDWARDS_KEY_PAIR_GEN = 0x1055,
    CKM_EDDSA = 0x1057,
    CKM_AES_GCM = 0x1087,
};

typedef struct {
    unsigned char major, minor;
} CK_VERSION;

typedef struct {
    CK_ULONG type;
    void *value;
    CK_ULONG length;
} CK_ATTRIBUTE;

typedef struct {
    CK_ULONG mechanism;
    void *parameter;
    CK_ULONG parameter_length;
} CK_MECHANISM;

// As the headers of 2.40 have it, and with them every module; its text leaves `iv_bits` out.
typedef struct {
    unsigned char *iv;
    CK_ULONG iv_length, iv_bits;
    unsigned char *associated_data;
    CK_ULONG associated_data_length, tag_bits;
} CK_GCM_PARAMS;

typedef struct {
    void *create_mutex, *destroy_mutex, *lock_mutex, *unlock_mutex;
    CK_FLAGS flags;
    void *reserved;
} CK_C_INITIALIZE_ARGS;

typedef struct {
    unsigned char label[32];  // Padded with blanks.
    unsigned char manufacturer_id[32], model[16], serial_number[16];
    CK_FLAGS flags;
    CK_ULONG max_session_count, session_count, max_rw_session_count, rw_session_count, max_pin_length, min_pin_length;
    CK_ULONG total_public_memory, free_public_memory, total_private_memory, free_private_memory;
    CK_VERSION hardware_version, firmware_version;
    unsigned char utc_time[16];
} CK_TOKEN_INFO;

typedef struct {
    CK_SLOT_ID slot;
    CK_ULONG state;
    CK_FLAGS flags;
    CK_ULONG device_error;
} CK_SESSION_INFO;

// States of a session whose user has logged in; the latter may write too.
enum { CKS_RO_USER_FUNCTIONS = 1, CKS_RW_USER_FUNCTIONS = 3 };

// A function that stands in the list and is not called here.
typedef void (*CK_UNUSED)(void);

// All 68 functions of 2.40, in its order.
typedef struct {
    CK_VERSION version;
    CK_RV (*C_Initialize)(void *arguments);
    CK_RV (*C_Finalize)(void *reserved);
    CK_UNUSED C_GetInfo, C_GetFunctionList;
    CK_RV (*C_GetSlotList)(CK_BBOOL token_present, CK_SLOT_ID *slots, CK_ULONG *count);
    CK_UNUSED C_GetSlotInfo;
    CK_RV (*C_GetTokenInfo)(CK_SLOT_ID slot, CK_TOKEN_INFO *info);
    CK_UNUSED C_GetMechanismList, C_GetMechanismInfo, C_InitToken, C_InitPIN, C_SetPIN;
    CK_RV (*C_OpenSession)(CK_SLOT_ID slot, CK_FLAGS flags, void *application, void *notify, CK_SESSION_HANDLE *session);
    CK_RV (*C_CloseSession)(CK_SESSION_HANDLE session);
    CK_RV (*C_CloseAllSessions)(CK_SLOT_ID slot);
    CK_RV (*C_GetSessionInfo)(CK_SESSION_HANDLE session, CK_SESSION_INFO *info);
    CK_UNUSED C_GetOperationState, C_SetOperationState;
    CK_RV (*C_Login)(CK_SESSION_HANDLE session, CK_ULONG user_type, const unsigned char *pin, CK_ULONG length);
    CK_RV (*C_Logout)(CK_SESSION_HANDLE session);
    CK_UNUSED C_CreateObject, C_CopyObject;
    CK_RV (*C_DestroyObject)(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object);
    CK_UNUSED C_GetObjectSize;
    CK_RV (*C_GetAttributeValue)(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *attributes, CK_ULONG count);
    CK_UNUSED C_SetAttributeValue;
    CK_RV (*C_FindObjectsInit)(CK_SESSION_HANDLE session, const CK_ATTRIBUTE *attributes, CK_ULONG count);
    CK_RV (*C_FindObjects)(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG maximum, CK_ULONG *count);
    CK_RV (*C_FindObjectsFinal)(CK_SESSION_HANDLE session);
    CK_RV (*C_EncryptInit)(CK_SESSION_HANDLE session, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
    CK_RV (*C_Encrypt)(CK_SESSION_HANDLE session, const unsigned char *data, CK_ULONG length, unsigned char *output, CK_ULONG *output_length);
    CK_UNUSED C_EncryptUpdate, C_EncryptFinal;
    CK_RV (*C_DecryptInit)(CK_SESSION_HANDLE session, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
    CK_RV (*C_Decrypt)(CK_SESSION_HANDLE session, const unsigned char *data, CK_ULONG length, unsigned char *output, CK_ULONG *output_length);
    CK_UNUSED C_DecryptUpdate, C_DecryptFinal, C_DigestInit, C_Digest, C_DigestUpdate, C_DigestKey, C_DigestFinal;
    CK_RV (*C_SignInit)(CK_SESSION_HANDLE session, const CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
    CK_RV (*C_Sign)(CK_SESSION_HANDLE session, const unsigned char *data, CK_ULONG length, unsigned char *signature, CK_ULONG *signature_length);
    CK_UNUSED C_SignUpdate, C_SignFinal, C_SignRecoverInit, C_SignRecover, C_VerifyInit, C_Verify, C_VerifyUpdate,
        C_VerifyFinal, C_VerifyRecoverInit, C_VerifyRecover, C_DigestEncryptUpdate, C_DecryptDigestUpdate, C_SignEncryptUpdate,
        C_DecryptVerifyUpdate, C_GenerateKey;
    CK_RV (*C_GenerateKeyPair)(CK_SESSION_HANDLE session, const CK_MECHANISM *mechanism, const CK_ATTRIBUTE *public_half,
        CK_ULONG public_count, const CK_ATTRIBUTE *private_half, CK_ULONG private_count, CK_OBJECT_HANDLE *public_key,
        CK_OBJECT_HANDLE *private_key);
    CK_UNUSED C_WrapKey, C_UnwrapKey, C_DeriveKey, C_SeedRandom,
        C_GenerateRandom, C_GetFunctionStatus, C_CancelFunction, C_WaitForSlotEvent;
} CK_FUNCTION_LIST;

// Loads a module and asks it for its functions. On failure NULL, and `reason` says why.
const CK_FUNCTION_LIST *cp_pkcs11_load(const char *path, const char **reason);

#endif
