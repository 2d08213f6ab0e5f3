package emulator

import (
	"net"
	"net/http"
	"strconv"
	"time"

	"apicenter/internal/emulator/apim"
	"apicenter/internal/emulator/wire"
)

// registerAdmin adds the side door by which tests and people look at the
// emulator and change its ways. It opens to this machine only.
func (s *Server) registerAdmin() {
	handle := func(pattern string, h http.HandlerFunc) {
		s.admin.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if !local(r) {
				wire.Errorf(http.StatusForbidden, "Forbidden", "The admin API answers on the loopback interface only.").Write(w)
				return
			}
			h(w, r)
		})
	}
	handle("GET /admin/stats", func(w http.ResponseWriter, _ *http.Request) { wire.JSON(w, http.StatusOK, s.Stats()) })
	handle("POST /admin/stats/reset", func(w http.ResponseWriter, _ *http.Request) {
		s.stats.reset()
		w.WriteHeader(http.StatusNoContent)
	})
	handle("GET /admin/target", func(w http.ResponseWriter, _ *http.Request) { wire.JSON(w, http.StatusOK, s.target) })
	handle("POST /admin/touch", s.touch)
	handle("/admin/faults", s.faults.ServeHTTP)
	handle("GET /admin/export-shape", s.getShape)
	handle("PUT /admin/export-shape", s.putShape)
}

func local(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return true // no network in between: a test that calls the handler
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// touch changes the first n APIs of the first instance, ?n=10: their
// descriptions, and with &definition=true an operation of each as well.
func (s *Server) touch(w http.ResponseWriter, r *http.Request) {
	n, err := strconv.Atoi(r.FormValue("n"))
	if err != nil || n < 1 {
		wire.Errorf(http.StatusBadRequest, "InvalidCount", "The parameter n must be a positive number.").Write(w)
		return
	}
	deep := r.FormValue("definition") == "true"
	touched := 0
	err = s.Cloud.Update(func() error {
		svc := s.Instance()
		if svc == nil {
			return apim.NotFound("Instance")
		}
		apis := svc.APIs.All()
		for _, api := range apis[:min(n, len(apis))] {
			if err := touchAPI(api.Current, deep); err != nil {
				return err
			}
			touched++
		}
		return nil
	})
	if err != nil {
		refuse(w, err)
		return
	}
	wire.JSON(w, http.StatusOK, map[string]int{"touched": touched})
}

func touchAPI(r *apim.Revision, deep bool) error {
	now := time.Now().UTC().Format(time.RFC3339Nano)
	space := r.API.Space
	if deep && r.Properties.Type == "http" {
		op := apim.Operation{DisplayName: "Touched " + now, Method: "GET", URLTemplate: "/touched"}
		if err := space.PutOperation(r, "touched", op); err != nil {
			return err
		}
	}
	return space.PatchAPI(r, apim.Marshal(map[string]string{"description": "Touched " + now}))
}

type shapeBody struct {
	Shape string `json:"shape"`
}

func (s *Server) getShape(w http.ResponseWriter, _ *http.Request) {
	wire.JSON(w, http.StatusOK, shapeBody{string(*s.shape.Load())})
}

func (s *Server) putShape(w http.ResponseWriter, r *http.Request) {
	var in shapeBody
	if err := wire.Read(w, r, &in); err != nil {
		err.Write(w)
		return
	}
	shape, err := ParseShape(in.Shape)
	if err != nil {
		wire.Errorf(http.StatusBadRequest, "InvalidShape", "%v", err).Write(w)
		return
	}
	s.shape.Store(&shape)
	s.getShape(w, r)
}
