# One static program; the database lives on a volume at /data.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /addtomojo ./cmd/addtomojo

FROM gcr.io/distroless/static-debian12
COPY --from=build /addtomojo /addtomojo
ENV LISTEN_ADDR=:8080 DATABASE_URL=/data/addtomojo.db
EXPOSE 8080
ENTRYPOINT ["/addtomojo"]
CMD ["serve"]
