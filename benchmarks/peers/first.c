/* Process start to first result, and peak memory, of ONNX Runtime through its C interface.
   cc -O2 first.c -o first -ldl;  first LIBRARY MODEL INPUT.bin BATCH SIZE CLASSES THREADS RUNS
   Prints "first" when the first result is there, then after RUNS more runs the peak resident kilobytes.
   The functions are taken by their place in struct OrtApi (onnxruntime_c_api.h), which versions keep. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { const void *const *(*get_api)(uint32_t); const char *(*version)(void); } api_base;
enum { ERROR_MESSAGE = 2, CREATE_ENV = 3, CREATE_SESSION = 7, RUN = 9, CREATE_OPTIONS = 10, EXECUTION_MODE = 13, OPTIMIZATION = 23,
       INTRA_THREADS = 24, INTER_THREADS = 25, CREATE_TENSOR = 49, CPU_MEMORY_INFO = 69 };

static const void *const *api;

static void check(void *status)
{
    if (!status)
        return;
    fprintf(stderr, "%s\n", ((const char *(*)(void *))api[ERROR_MESSAGE])(status));
    exit(1);
}

#define CALL(place, types, ...) check(((void *(*) types)api[place])(__VA_ARGS__))

int main(int argc, char **argv)
{
    if (argc != 9)
        return fprintf(stderr, "first LIBRARY MODEL INPUT BATCH SIZE CLASSES THREADS RUNS\n"), 2;
    void *library = dlopen(argv[1], RTLD_NOW);
    if (!library)
        return fprintf(stderr, "%s\n", dlerror()), 1;
    const api_base *base = ((const api_base *(*)(void))dlsym(library, "OrtGetApiBase"))();
    api = base->get_api(17);
    int64_t batch = atoi(argv[4]), size = atoi(argv[5]), classes = atoi(argv[6]);
    size_t inputs = (size_t)(batch * 3 * size * size), outputs = (size_t)(batch * classes);
    float *x = malloc(inputs * sizeof *x), *y = malloc(outputs * sizeof *y);
    FILE *file = fopen(argv[3], "rb");
    if (!file || fread(x, sizeof *x, inputs, file) != inputs)
        return fprintf(stderr, "cannot read %s\n", argv[3]), 1;
    fclose(file);

    void *env, *options, *session, *memory, *in = NULL, *out = NULL;
    CALL(CREATE_ENV, (int, const char *, void **), 3, "first", &env);
    CALL(CREATE_OPTIONS, (void **), &options);
    CALL(INTRA_THREADS, (void *, int), options, atoi(argv[7]));
    CALL(INTER_THREADS, (void *, int), options, 1);
    CALL(EXECUTION_MODE, (void *, int), options, 0);
    CALL(OPTIMIZATION, (void *, int), options, 99);
    CALL(CREATE_SESSION, (void *, const char *, void *, void **), env, argv[2], options, &session);
    CALL(CPU_MEMORY_INFO, (int, int, void **), 1, 0, &memory);
    int64_t input_shape[] = { batch, 3, size, size }, output_shape[] = { batch, classes };
    CALL(CREATE_TENSOR, (void *, void *, size_t, const int64_t *, size_t, int, void **), memory, x, inputs * sizeof *x, input_shape, 4, 1, &in);
    CALL(CREATE_TENSOR, (void *, void *, size_t, const int64_t *, size_t, int, void **), memory, y, outputs * sizeof *y, output_shape, 2, 1, &out);
    const char *input_names[] = { "input" }, *output_names[] = { "logits" };
    for (int run = 0; run <= atoi(argv[8]); run++) {
        CALL(RUN, (void *, void *, const char **, void **, size_t, const char **, size_t, void **), session, NULL, input_names, &in, 1, output_names, 1, &out);
        if (run == 0) {
            puts("first");
            fflush(stdout);
        }
    }

    char line[256];
    for (file = fopen("/proc/self/status", "r"); file && fgets(line, sizeof line, file);)
        if (!strncmp(line, "VmHWM:", 6))
            printf("%s", line + 6);
    return 0;
}
