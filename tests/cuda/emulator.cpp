// NVIDIA's driver library with one device that is this processor: the part of the interface that wirecost
// calls, over the kernels of kernels.cu compiled as C++. Build it as libcuda.so.1 and put its folder on
// LD_LIBRARY_PATH.
//
// It is stricter than a GPU: a buffer ends at a page that must not be touched, new memory is full of NaN,
// and a barrier that not all threads of a block reach ends the program. The environment can make it
// EMULATED_ORDER=reverse (last threads and blocks first), EMULATED_MEMORY=BYTES, or EMULATED_FAULT=
// no-device, old-driver or old-device.

#include "emulator.h"
#include "kernels.cu"

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>
#include <vector>

Index threadIdx, blockIdx, blockDim, gridDim;

namespace {

using Call = std::function<void(void **)>;

template <class... A, size_t... I> void unpack(void (*f)(A...), void **p, std::index_sequence<I...>) {
    f(*static_cast<A *>(p[I])...);
}

template <class... A> Call wrap(void (*f)(A...)) {
    return [=](void **p) { unpack(f, p, std::index_sequence_for<A...>()); };
}

// "name" and its call, for each kernel and type.
const std::map<std::string, Call> kernels = {
#define ENTRY(name) {#name "_f32", wrap(f32::name##_f32)}, {#name "_f64", wrap(f64::name##_f64)},
#include "registry.inc"
};

[[noreturn]] void fail(const char *what) {
    fprintf(stderr, "emulator: %s\n", what);
    abort();
}

bool set(const char *variable, const char *value) {
    const char *found = getenv(variable);
    return found && !strcmp(found, value);
}

const size_t STACK = 64 << 10;

// One serves a thread of every block after another. Between fibers it is jumps: swapcontext asks the system each time.
struct Fiber {
    jmp_buf place;
    std::vector<char> stack = std::vector<char>(STACK);
    bool begun = false, done = false;
};

std::mutex device;
std::vector<Fiber> fibers;
jmp_buf scheduler;
Fiber *running = nullptr;
const Call *kernel;
void **arguments;

// Back to the scheduler, until that resumes the fiber.
void wait_turn() {
    if (!_setjmp(running->place)) _longjmp(scheduler, 1);
}

void serve() {
    for (;;) {
        (*kernel)(arguments);
        running->done = true;
        wait_turn();
    }
}

// Up to the thread's next barrier or its end.
void resume(unsigned thread) {
    threadIdx = {thread, 0, 0};
    running = &fibers[thread];
    if (!_setjmp(scheduler)) {
        if (running->begun) _longjmp(running->place, 1);
        running->begun = true;
        ucontext_t context;
        getcontext(&context);
        context.uc_stack = {running->stack.data(), 0, STACK};
        context.uc_link = nullptr;
        makecontext(&context, serve, 0);
        setcontext(&context);
    }
    running = nullptr;
}

void start(unsigned thread) {
    fibers[thread].done = false;
    resume(thread);
}

void run_block() {
    bool reverse = set("EMULATED_ORDER", "reverse");
    unsigned threads = blockDim.x;
    auto thread = [&](unsigned i) { return reverse ? threads - 1 - i : i; };
    start(thread(0));
    if (fibers[thread(0)].done) {
        // No barrier: if another thread meets one after all, __syncthreads says so.
        for (unsigned i = 1; i < threads; ++i) {
            threadIdx = {thread(i), 0, 0};
            (*kernel)(arguments);
        }
        return;
    }
    for (unsigned i = 1; i < threads; ++i) start(thread(i));
    for (;;) {
        unsigned done = 0;
        for (Fiber &fiber : fibers) done += fiber.done;
        if (done == threads) return;
        if (done > 0) fail("a barrier that not all threads of a block reach");
        for (unsigned i = 0; i < threads; ++i) resume(thread(i));
    }
}

struct Allocation {
    void *pages;
    size_t length, bytes;
};

std::map<unsigned long long, Allocation> allocations;
size_t used = 0;
int place; // what handles point to

size_t memory() {
    const char *bytes = getenv("EMULATED_MEMORY");
    return bytes ? strtoull(bytes, nullptr, 10) : size_t(1) << 32;
}

} // namespace

void __syncthreads() {
    if (!running) fail("a barrier that not all threads of a block reach");
    wait_turn();
}

typedef unsigned long long Pointer;
enum { SUCCESS = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NO_DEVICE = 100, UNSUPPORTED_PTX = 222, NOT_FOUND = 500 };

extern "C" {

int cuInit(unsigned) { return set("EMULATED_FAULT", "no-device") ? NO_DEVICE : SUCCESS; }
int cuDriverGetVersion(int *version) { return *version = 13000, SUCCESS; }

int cuGetErrorString(int error, const char **text) {
    static const std::map<int, const char *> texts = {
        {SUCCESS, "no error"},
        {INVALID_VALUE, "invalid argument"},
        {OUT_OF_MEMORY, "out of memory"},
        {NO_DEVICE, "no CUDA-capable device is detected"},
        {UNSUPPORTED_PTX, "the provided PTX was compiled with an unsupported toolchain"},
        {NOT_FOUND, "named symbol not found"},
    };
    return *text = texts.count(error) ? texts.at(error) : "unknown error", SUCCESS;
}
int cuGetErrorName(int error, const char **name) { return cuGetErrorString(error, name); }

int cuDeviceGet(int *device, int ordinal) { return *device = ordinal, ordinal == 0 ? SUCCESS : INVALID_VALUE; }
int cuDeviceGetCount(int *count) { return *count = 1, SUCCESS; }
int cuDeviceGetName(char *name, int size, int) { return snprintf(name, size, "emulated device"), SUCCESS; }
int cuDeviceTotalMem_v2(size_t *bytes, int) { return *bytes = memory(), SUCCESS; }
int cuDeviceGetAttribute(int *value, int attribute, int) {
    const int MAJOR = 75, MINOR = 76;
    *value = attribute == MAJOR ? (set("EMULATED_FAULT", "old-device") ? 7 : 8) : attribute == MINOR ? 0 : 1;
    return SUCCESS;
}

int cuDevicePrimaryCtxRetain(void **context, int) { return *context = &place, SUCCESS; }
int cuDevicePrimaryCtxRelease_v2(int) { return SUCCESS; }
int cuCtxGetCurrent(void **context) { return *context = &place, SUCCESS; }
int cuCtxSetCurrent(void *) { return SUCCESS; }
int cuEventCreate(void **event, unsigned) { return *event = &place, SUCCESS; }
int cuEventDestroy_v2(void *) { return SUCCESS; }
int cuEventRecord(void *, void *) { return SUCCESS; }
int cuStreamCreate(void **stream, unsigned) { return *stream = &place, SUCCESS; }
int cuStreamDestroy_v2(void *) { return SUCCESS; }
int cuStreamSynchronize(void *) { return SUCCESS; }
int cuStreamWaitEvent(void *, void *, unsigned) { return SUCCESS; }

int cuMemGetInfo_v2(size_t *free, size_t *total) {
    std::lock_guard<std::mutex> lock(device);
    return *free = memory() - used, *total = memory(), SUCCESS;
}

int cuMemAlloc_v2(Pointer *at, size_t bytes) {
    std::lock_guard<std::mutex> lock(device);
    if (bytes == 0) return INVALID_VALUE;
    if (used + bytes > memory()) return OUT_OF_MEMORY;
    size_t page = sysconf(_SC_PAGESIZE), length = (bytes + page - 1) / page * page;
    char *pages = static_cast<char *>(mmap(nullptr, length + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    if (pages == MAP_FAILED) return OUT_OF_MEMORY;
    mprotect(pages + length, page, PROT_NONE);
    char *first = pages + length - bytes;
    memset(pages, 0xff, length);
    *at = reinterpret_cast<Pointer>(first);
    allocations[*at] = {pages, length + page, bytes};
    used += bytes;
    return SUCCESS;
}
// Only this one may be asked for nothing.
int cuMemAllocAsync(Pointer *at, size_t bytes, void *) { return cuMemAlloc_v2(at, bytes ? bytes : 1); }

int cuMemFree_v2(Pointer at) {
    std::lock_guard<std::mutex> lock(device);
    auto found = allocations.find(at);
    if (found == allocations.end()) fail("freed what was not allocated");
    used -= found->second.bytes;
    munmap(found->second.pages, found->second.length);
    allocations.erase(found);
    return SUCCESS;
}
int cuMemFreeAsync(Pointer at, void *) { return cuMemFree_v2(at); }

int cuMemsetD8_v2(Pointer at, unsigned char value, size_t bytes) { return memset((void *)at, value, bytes), SUCCESS; }
int cuMemsetD8Async(Pointer at, unsigned char value, size_t bytes, void *) { return cuMemsetD8_v2(at, value, bytes); }
int cuMemcpyHtoD_v2(Pointer to, const void *from, size_t bytes) { return memcpy((void *)to, from, bytes), SUCCESS; }
int cuMemcpyHtoDAsync_v2(Pointer to, const void *from, size_t bytes, void *) { return cuMemcpyHtoD_v2(to, from, bytes); }
int cuMemcpyDtoH_v2(void *to, Pointer from, size_t bytes) { return memcpy(to, (void *)from, bytes), SUCCESS; }
int cuMemcpyDtoHAsync_v2(void *to, Pointer from, size_t bytes, void *) { return cuMemcpyDtoH_v2(to, from, bytes); }
int cuMemcpyDtoD_v2(Pointer to, Pointer from, size_t bytes) { return memcpy((void *)to, (void *)from, bytes), SUCCESS; }
int cuMemcpyDtoDAsync_v2(Pointer to, Pointer from, size_t bytes, void *) { return cuMemcpyDtoD_v2(to, from, bytes); }

int cuModuleLoadData(void **module, const void *) {
    return *module = &place, set("EMULATED_FAULT", "old-driver") ? UNSUPPORTED_PTX : SUCCESS;
}
int cuModuleUnload(void *) { return SUCCESS; }
int cuModuleGetFunction(void **function, void *, const char *name) {
    auto found = kernels.find(name);
    if (found == kernels.end()) return NOT_FOUND;
    return *function = const_cast<Call *>(&found->second), SUCCESS;
}

int cuLaunchKernel(
    void *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned, void *,
    void **parameters, void **
) {
    std::lock_guard<std::mutex> lock(device);
    if (gx == 0 || gy == 0 || gz != 1 || gy > 65535 || bx != THREADS || by != 1 || bz != 1) return INVALID_VALUE;
    bool reverse = set("EMULATED_ORDER", "reverse");
    gridDim = {gx, gy, 1};
    blockDim = {bx, 1, 1};
    fibers.resize(bx);
    kernel = static_cast<const Call *>(function);
    arguments = parameters;
    for (unsigned i = 0; i < gx * gy; ++i) {
        unsigned block = reverse ? gx * gy - 1 - i : i;
        blockIdx = {block % gx, block / gx, 0};
        run_block();
    }
    return SUCCESS;
}

} // extern "C"
