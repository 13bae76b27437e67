/* A PKCS #11 module that is another one with faults: it stands in front of the real module and does as a
 * file beside it says. Tests compile it and put a copy into a folder of their own.
 *
 * In its folder:
 *   module.so       the real module, a copy, so that every folder has a module with a state of its own
 *   softhsm2.conf   its settings; SoftHSM is told of them by the environment, which tests share
 *   faults          what to do, a line each; read again whenever it is another file
 *
 * A line of faults is FUNCTION COUNT ACTION [NUMBER]: the next COUNT calls of FUNCTION (-1: all) do ACTION:
 *   return NUMBER   return that code, without the real module
 *   before NUMBER   wait so many milliseconds, then call
 *   after NUMBER    call, then wait so many milliseconds
 *   answer NUMBER   call, then return that code: the work was done, and nobody hears of it
 *   corrupt         call, then turn a bit in what came out
 *   restart         restart the real module, then call
 *   expose          say of a key that it is extractable
 *   lock            say of the token that its PIN is locked
 *   serial          say of the token that it has another serial number
 *   none            say that no token is there
 * The third wrong PIN in a row locks it, as it does in cards; SoftHSM by itself never does.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

typedef unsigned long word;
typedef word (*any)();

/* CK_FUNCTION_LIST of version 2.40: functions in the order of the standard. */
struct list {
    unsigned char major, minor;
    any functions[68];
};
struct attribute {
    word type;
    void *value;
    word length;
};

enum {
    INITIALIZE = 0, FINALIZE = 1, GET_FUNCTION_LIST = 3, GET_SLOT_LIST = 4, GET_TOKEN_INFO = 6,
    OPEN_SESSION = 12, CLOSE_SESSION = 13, LOGIN = 18, DESTROY_OBJECT = 22, GET_ATTRIBUTE = 24,
    SET_ATTRIBUTE = 25, FIND_INIT = 26, SIGN_INIT = 42, SIGN = 43, GENERATE = 59
};
static const struct { const char *name; int at; } names[] = {
    {"C_Initialize", INITIALIZE}, {"C_Finalize", FINALIZE}, {"C_GetSlotList", GET_SLOT_LIST},
    {"C_GetTokenInfo", GET_TOKEN_INFO}, {"C_OpenSession", OPEN_SESSION},
    {"C_CloseSession", CLOSE_SESSION}, {"C_Login", LOGIN}, {"C_DestroyObject", DESTROY_OBJECT},
    {"C_GetAttributeValue", GET_ATTRIBUTE}, {"C_SetAttributeValue", SET_ATTRIBUTE},
    {"C_FindObjectsInit", FIND_INIT}, {"C_SignInit", SIGN_INIT}, {"C_Sign", SIGN},
    {"C_GenerateKeyPair", GENERATE},
};

enum action { NOTHING, RETURN, BEFORE, AFTER, ANSWER, CORRUPT, RESTART, EXPOSE, LOCK, SERIAL, NONE };
static const struct { const char *name; enum action action; } actions[] = {
    {"return", RETURN}, {"before", BEFORE}, {"after", AFTER}, {"answer", ANSWER}, {"corrupt", CORRUPT},
    {"restart", RESTART}, {"expose", EXPOSE}, {"lock", LOCK}, {"serial", SERIAL}, {"none", NONE},
};

static struct list real, ours;
static char folder[4096];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct rule { int at, count; enum action action; word number; } rules[32];
static int rule_count;
static ino_t rules_file;
static int wrong_pins;

static void beside(char *path, const char *name) { snprintf(path, 8192, "%s/%s", folder, name); }

static void read_rules(void) {
    char path[8192], function[64], action[64];
    struct stat now;
    beside(path, "faults");
    if (stat(path, &now) != 0) {
        rule_count = 0;
        rules_file = 0;
        return;
    }
    if (now.st_ino == rules_file) return;
    FILE *file = fopen(path, "r");
    if (!file) return;
    rules_file = now.st_ino;
    rule_count = 0;
    struct rule rule;
    while (rule_count < 32 && fscanf(file, "%63s %d %63s", function, &rule.count, action) == 3) {
        rule.at = -1;
        rule.action = NOTHING;
        rule.number = 0;
        if (fscanf(file, " %li", (long *)&rule.number) != 1) rule.number = 0;
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (!strcmp(function, names[i].name)) rule.at = names[i].at;
        for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
            if (!strcmp(action, actions[i].name)) rule.action = actions[i].action;
        if (rule.at < 0 || rule.action == NOTHING) {
            fprintf(stderr, "faults: %s %s means nothing\n", function, action);
            abort();
        }
        rules[rule_count++] = rule;
    }
    fclose(file);
}

/* What this call of a function does besides; at most one thing. */
static struct rule next(int at) {
    struct rule found = {at, 0, NOTHING, 0};
    pthread_mutex_lock(&mutex);
    read_rules();
    for (int i = 0; i < rule_count; i++) {
        if (rules[i].at == at && rules[i].count != 0) {
            found = rules[i];
            if (rules[i].count > 0) rules[i].count--;
            break;
        }
    }
    pthread_mutex_unlock(&mutex);
    return found;
}

static void wait_for(word milliseconds) {
    struct timespec time = {milliseconds / 1000, (milliseconds % 1000) * 1000000};
    nanosleep(&time, NULL);
}

/* SoftHSM reads its settings when it is initialised, from where the environment says; all tests of a
 * process share that, so they take turns. */
static word initialize(void *arguments) {
    char settings[8192];
    beside(settings, "softhsm2.conf");
    int turn = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    flock(turn, LOCK_EX);
    setenv("SOFTHSM2_CONF", settings, 1);
    word result = real.functions[INITIALIZE](arguments);
    close(turn);
    return result;
}

static struct { void *create, *destroy, *lock, *unlock; word flags; void *reserved; } os_locking =
    {0, 0, 0, 0, 2 /* CKF_OS_LOCKING_OK */, 0};

static void begin(const struct rule *rule) {
    if (rule->action == BEFORE) wait_for(rule->number);
    if (rule->action == RESTART) {
        pthread_mutex_lock(&mutex);
        real.functions[FINALIZE](NULL);
        initialize(&os_locking);
        pthread_mutex_unlock(&mutex);
    }
}

static word end(const struct rule *rule, word result) {
    if (rule->action == AFTER) wait_for(rule->number);
    return rule->action == ANSWER ? rule->number : result;
}

#define FAULTY(name, at, parameters, arguments)        \
    static word name parameters {                      \
        struct rule rule = next(at);                   \
        if (rule.action == RETURN) return rule.number; \
        begin(&rule);                                  \
        return end(&rule, real.functions[at] arguments); \
    }

FAULTY(finalize, FINALIZE, (void *reserved), (reserved))
FAULTY(open_session, OPEN_SESSION, (word slot, word flags, void *app, void *notify, word *session),
       (slot, flags, app, notify, session))
FAULTY(close_session, CLOSE_SESSION, (word session), (session))
FAULTY(destroy_object, DESTROY_OBJECT, (word session, word object), (session, object))
FAULTY(set_attribute, SET_ATTRIBUTE, (word session, word object, void *template, word count),
       (session, object, template, count))
FAULTY(find_init, FIND_INIT, (word session, void *template, word count), (session, template, count))
FAULTY(sign_init, SIGN_INIT, (word session, void *mechanism, word key), (session, mechanism, key))
FAULTY(generate, GENERATE,
       (word session, void *mechanism, void *public, word public_count, void *private,
        word private_count, word *public_key, word *private_key),
       (session, mechanism, public, public_count, private, private_count, public_key, private_key))

static word initialize_with_faults(void *arguments) {
    struct rule rule = next(INITIALIZE);
    if (rule.action == RETURN) return rule.number;
    begin(&rule);
    return end(&rule, initialize(arguments));
}

static word get_slot_list(unsigned char present, word *slots, word *count) {
    struct rule rule = next(GET_SLOT_LIST);
    if (rule.action == RETURN) return rule.number;
    begin(&rule);
    if (rule.action == NONE) {
        *count = 0;
        return 0;
    }
    return end(&rule, real.functions[GET_SLOT_LIST](present, slots, count));
}

static word get_token_info(word slot, unsigned char *info) {
    struct rule rule = next(GET_TOKEN_INFO);
    if (rule.action == RETURN) return rule.number;
    begin(&rule);
    word result = real.functions[GET_TOKEN_INFO](slot, info);
    /* Behind label, manufacturer, model (32, 32, 16) stands the serial number (16), then the flags. */
    if (result == 0 && rule.action == SERIAL) info[80] ^= 1;
    if (result == 0 && (rule.action == LOCK || wrong_pins >= 3)) info[96 + 2] |= 4;
    return end(&rule, result);
}

static word login(word session, word user, void *pin, word length) {
    struct rule rule = next(LOGIN);
    if (rule.action == RETURN) return rule.number;
    begin(&rule);
    if (wrong_pins >= 3) return 0xa4; /* CKR_PIN_LOCKED */
    word result = real.functions[LOGIN](session, user, pin, length);
    if (result == 0xa0 /* CKR_PIN_INCORRECT */) wrong_pins++;
    if (result == 0) wrong_pins = 0;
    return end(&rule, result);
}

static word get_attribute(word session, word object, struct attribute *template, word count) {
    struct rule rule = next(GET_ATTRIBUTE);
    if (rule.action == RETURN) return rule.number;
    begin(&rule);
    word result = real.functions[GET_ATTRIBUTE](session, object, template, count);
    for (word i = 0; result == 0 && rule.action == EXPOSE && i < count; i++)
        if (template[i].type == 0x162 /* CKA_EXTRACTABLE */) *(unsigned char *)template[i].value = 1;
    return end(&rule, result);
}

/* A call without a place for the signature asks for its length, and is no call to sign. */
static word sign(word session, void *data, word length, unsigned char *signature, word *signature_length) {
    if (!signature)
        return real.functions[SIGN](session, data, length, signature, signature_length);
    struct rule rule = next(SIGN);
    if (rule.action == RETURN) return rule.number;
    begin(&rule);
    word result = real.functions[SIGN](session, data, length, signature, signature_length);
    if (result == 0 && rule.action == CORRUPT) signature[*signature_length - 1] ^= 1;
    return end(&rule, result);
}

static word get_function_list(struct list **list) {
    *list = &ours;
    return 0;
}

word C_GetFunctionList(struct list **list) {
    pthread_mutex_lock(&mutex);
    if (!ours.functions[0]) {
        char path[8192];
        Dl_info self;
        struct list *theirs;
        if (!dladdr((void *)C_GetFunctionList, &self)) abort();
        snprintf(folder, sizeof folder, "%s", self.dli_fname);
        *strrchr(folder, '/') = 0;
        beside(path, "module.so");
        void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        any get = module ? (any)dlsym(module, "C_GetFunctionList") : NULL;
        if (!get || get(&theirs) != 0) {
            pthread_mutex_unlock(&mutex);
            return 5; /* CKR_GENERAL_ERROR */
        }
        real = *theirs;
        ours = real;
        ours.functions[GET_FUNCTION_LIST] = (any)get_function_list;
        ours.functions[INITIALIZE] = (any)initialize_with_faults;
        ours.functions[FINALIZE] = (any)finalize;
        ours.functions[GET_SLOT_LIST] = (any)get_slot_list;
        ours.functions[GET_TOKEN_INFO] = (any)get_token_info;
        ours.functions[OPEN_SESSION] = (any)open_session;
        ours.functions[CLOSE_SESSION] = (any)close_session;
        ours.functions[LOGIN] = (any)login;
        ours.functions[DESTROY_OBJECT] = (any)destroy_object;
        ours.functions[GET_ATTRIBUTE] = (any)get_attribute;
        ours.functions[SET_ATTRIBUTE] = (any)set_attribute;
        ours.functions[FIND_INIT] = (any)find_init;
        ours.functions[SIGN_INIT] = (any)sign_init;
        ours.functions[SIGN] = (any)sign;
        ours.functions[GENERATE] = (any)generate;
    }
    pthread_mutex_unlock(&mutex);
    return get_function_list(list);
}
