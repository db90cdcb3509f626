/* No C++ exception leaves the shim: every entry point and every PJSUA2 callback runs behind fence(). */
#ifndef AGENT_FENCE_HPP
#define AGENT_FENCE_HPP

#include <pjsua2.hpp>

#include <cstdio>
#include <exception>
#include <new>
#include <string>

namespace agent {

inline thread_local char last_error[512];

inline int failed(pj_status_t status, const char *what) noexcept {
    std::snprintf(last_error, sizeof last_error, "%s", what);
    return status == PJ_SUCCESS ? PJ_EUNKNOWN : status;
}

template <class Body> int fence(Body &&body) noexcept {
    try {
        body();
        return PJ_SUCCESS;
    } catch (const pj::Error &e) {
        try {
            return failed(e.status, (e.title + ": " + e.reason).c_str());
        } catch (...) {
            return failed(e.status, "out of memory while reporting an error");
        }
    } catch (const std::bad_alloc &) {
        return failed(PJ_ENOMEM, "out of memory");
    } catch (const std::exception &e) {
        return failed(PJ_EUNKNOWN, e.what());
    } catch (...) {
        return failed(PJ_EUNKNOWN, "an exception of unknown type");
    }
}

inline void check(pj_status_t status, const char *what) {
    if (status != PJ_SUCCESS)
        throw pj::Error(status, what, "", __FILE__, __LINE__);
}

} // namespace agent

#endif
