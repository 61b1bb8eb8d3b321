"""The hot half of the event bus: hands an event to those who listen to its class, or to its kind. See the .pyi."""


cdef class Publisher:
    cdef readonly long errors
    cdef public type kinded      # events of this class are told apart by their `kind`
    cdef dict by_class           # class -> tuple of handlers
    cdef dict by_kind            # kind -> tuple of handlers; filled when a kind comes first
    cdef object on_error

    def __cinit__(self, on_error=None):
        self.by_class = {}
        self.by_kind = {}
        self.on_error = on_error

    def publish(self, event):
        kind = type(event)
        cdef tuple handlers
        if kind is self.kinded:
            kind = event.kind
            handlers = self.by_kind.get(kind)
            if handlers is None:
                handlers = self.by_kind[kind] = tuple(self.listeners_of(kind))
        else:
            handlers = self.by_class.get(kind)
            if handlers is None:
                return
        for handler in handlers:
            try:
                handler(event)
            except Exception as error:  # a listener must not break the call that published
                self.errors += 1
                if self.on_error is not None:
                    self.on_error(event, error)

    def listeners_of(self, kind):
        return ()

    def listen(self, type event_class not None, tuple handlers not None):
        if event_class is self.kinded:
            self.by_kind = {}
        else:
            self.by_class[event_class] = handlers
